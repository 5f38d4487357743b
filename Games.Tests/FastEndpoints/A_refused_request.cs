using System.Net;
using FastEndpoints;
using FluentValidation;
using FluentValidation.Results;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Games.Tests.FastEndpoints;

public sealed class A_refused_request
{
    [Fact]
    public async Task Is_answered_with_problem_details_to_the_byte()
    {
        await using var app = await StartAsync(config => config.Errors.UseProblemDetails());

        var answer = await app.PostAsync("/refused?x=1", """{ "title": "", "maxPlayers": 5 }""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("application/problem+json; charset=utf-8", answer.ContentType?.ToString());
        Assert.Equal(
            """{"type":"https://www.rfc-editor.org/rfc/rfc7231#section-6.5.1","title":"Bad Request","status":400,"instance":"/refused","traceId":"trace-1","detail":"needs a title","errors":[{"name":"title","reason":"needs a title"}]}""",
            answer.Body);
    }

    [Fact]
    public async Task Has_no_detail_but_every_field_when_several_are_wrong()
    {
        await using var app = await StartAsync(config => config.Errors.UseProblemDetails());

        var answer = await app.PostAsync("/refused", """{ "title": "", "maxPlayers": 0 }""");

        Assert.Equal(
            """{"type":"https://www.rfc-editor.org/rfc/rfc7231#section-6.5.1","title":"Bad Request","status":400,"instance":"/refused","traceId":"trace-1","errors":[{"name":"title","reason":"needs a title"},{"name":"maxPlayers","reason":"is too small"}]}""",
            answer.Body);
    }

    [Fact]
    public async Task Tells_the_first_error_of_a_field_unless_all_are_wanted()
    {
        await using var first = await StartAsync(config => config.Errors.UseProblemDetails());
        await using var all = await StartAsync(config => config.Errors.UseProblemDetails(problem => problem.AllowDuplicateErrors = true));

        const string longAndShouting = """{ "title": "WAY TOO LONG", "maxPlayers": 5 }""";

        Assert.Equal(["title: is too long"], Errors.Of(await first.PostAsync("/refused", longAndShouting)));
        Assert.Equal(["title: is too long", "title: shouts"], Errors.Of(await all.PostAsync("/refused", longAndShouting)));
    }

    [Fact]
    public async Task Tells_codes_and_severities_when_they_are_wanted()
    {
        await using var app = await StartAsync(config => config.Errors.UseProblemDetails(problem =>
        {
            problem.IndicateErrorCode = true;
            problem.IndicateErrorSeverity = true;
        }));

        var answer = await app.PostAsync("/refused", """{ "title": "", "maxPlayers": 5 }""");

        Assert.Contains("""{"name":"title","reason":"needs a title","code":"title.missing","severity":"Error"}""", answer.Body);
    }

    [Fact]
    public async Task Is_answered_with_the_fields_and_their_errors_without_problem_details()
    {
        await using var app = await StartAsync(_ => { });

        var answer = await app.PostAsync("/refused", """{ "title": "WAY TOO LONG", "maxPlayers": 0 }""");

        Assert.Equal("application/problem+json; charset=utf-8", answer.ContentType?.ToString());
        Assert.Equal(
            """{"statusCode":400,"message":"One or more errors occurred!","errors":{"title":["is too long","shouts"],"maxPlayers":["is too small"]}}""",
            answer.Body);
    }

    [Fact]
    public async Task Has_the_configured_status()
    {
        await using var app = await StartAsync(config =>
        {
            config.Errors.UseProblemDetails();
            config.Errors.StatusCode = 422;
        });

        var answer = await app.PostAsync("/refused", """{ "title": "" }""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("""{"type":"https://www.rfc-editor.org/rfc/rfc4918#section-11.2","title":"Unprocessable Entity","status":422,""", answer.Body);
    }

    [Theory]
    [InlineData("message", 400, "generalErrors: went wrong")]
    [InlineData("status", 409, "generalErrors: went wrong")]
    [InlineData("property", 400, "title: is taken")]
    [InlineData("nested", 404, "place.Name: is unknown")]
    [InlineData("failure", 410, "custom: is gone")]
    [InlineData("two", 400, "title: one", "maxPlayers: two")]
    [InlineData("sent", 412, "title: one")]
    public async Task Can_be_refused_by_its_handler(string how, int status, params string[] errors)
    {
        await using var app = await EndpointApp.StartAsync([typeof(RefusingEndpoint)]);

        var answer = await app.PostAsync($"/refusing?how={how}", "{}");

        Assert.Equal((HttpStatusCode)status, answer.Status);
        Assert.Equal(errors, Errors.Of(answer));
    }

    [Fact]
    public async Task Is_not_what_a_failing_handler_looks_like()
    {
        await using var app = await EndpointApp.StartAsync([typeof(RefusingEndpoint)]);

        await Assert.ThrowsAsync<System.Text.Json.JsonException>(() => app.PostAsync("/refusing?how=bug", "{}"));
    }

    private static Task<EndpointApp> StartAsync(Action<Config> configure)
        => EndpointApp.StartAsync(
            [typeof(RefusedEndpoint), typeof(BodyValidator)],
            configure,
            builder => builder.Services.Add(new(typeof(Microsoft.AspNetCore.Hosting.IStartupFilter), new SameTraceFilter())));

    internal sealed record Place(string? Name);

    internal sealed record Body
    {
        public string? Title { get; init; }

        public int MaxPlayers { get; init; }

        public string? How { get; init; }

        public Place? Place { get; init; }
    }

    [DontRegister]
    internal sealed class BodyValidator : Validator<Body>
    {
        public BodyValidator()
        {
            RuleFor(body => body.Title).NotEmpty().WithMessage("needs a title").WithErrorCode("title.missing");
            RuleFor(body => body.Title).MaximumLength(5).WithMessage("is too long");
            RuleFor(body => body.Title).Must(title => title is null or "" || title.Any(char.IsLower)).WithMessage("shouts");
            RuleFor(body => body.MaxPlayers).GreaterThan(0).WithMessage("is too small");
        }
    }

    private sealed class SameTraceFilter : Microsoft.AspNetCore.Hosting.IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
            => app =>
            {
                app.Use((context, following) =>
                {
                    context.TraceIdentifier = "trace-1";
                    return following(context);
                });
                next(app);
            };
    }

    [DontRegister]
    private sealed class RefusedEndpoint : Endpoint<Body>
    {
        public override void Configure()
        {
            Post("/refused");
            AllowAnonymous();
        }

        public override Task HandleAsync(Body req, CancellationToken ct) => Send.NoContentAsync(ct);
    }

    [DontRegister]
    private sealed class RefusingEndpoint : Endpoint<Body>
    {
        public override void Configure()
        {
            Post("/refusing");
            AllowAnonymous();
        }

        public override Task HandleAsync(Body req, CancellationToken ct)
        {
            switch (req.How)
            {
                case "message":
                    ThrowError("went wrong");
                    break;
                case "status":
                    ThrowError("went wrong", StatusCodes.Status409Conflict);
                    break;
                case "property":
                    ThrowError(body => body.Title, "is taken");
                    break;
                case "nested":
                    ThrowError(body => body.Place!.Name, "is unknown", StatusCodes.Status404NotFound);
                    break;
                case "failure":
                    ThrowError(new ValidationFailure("Custom", "is gone"), StatusCodes.Status410Gone);
                    break;
                case "two":
                    AddError(body => body.Title, "one");
                    AddError(body => body.MaxPlayers, "two");
                    ThrowIfAnyErrors();
                    break;
                case "sent":
                    AddError(body => body.Title, "one");
                    return Send.ErrorsAsync(StatusCodes.Status412PreconditionFailed, ct);
                case "bug":
                    throw new System.Text.Json.JsonException("a row that cannot be read");
            }

            return Send.NoContentAsync(ct);
        }
    }
}
