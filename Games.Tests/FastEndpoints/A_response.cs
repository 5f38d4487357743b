using System.Net;
using FastEndpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.FastEndpoints;

public sealed class A_response
{
    [Theory]
    [InlineData("ok", 200, """{"id":7}""", "application/json; charset=utf-8")]
    [InlineData("ok-empty", 200, "", null)]
    [InlineData("created", 201, """{"id":7}""", "application/json; charset=utf-8")]
    [InlineData("created-empty", 201, "", null)]
    [InlineData("no-content", 204, "", null)]
    [InlineData("not-found", 404, "", null)]
    [InlineData("forbidden", 403, "", null)]
    [InlineData("unauthorized", 401, "", null)]
    [InlineData("response", 202, """{"id":7}""", "application/json; charset=utf-8")]
    [InlineData("status", 418, "", null)]
    [InlineData("result", 409, "", null)]
    [InlineData("string", 203, "text", "text/plain; charset=utf-8")]
    [InlineData("headers", 206, "", null)]
    [InlineData("nothing", 204, "", null)]
    public async Task Is_what_its_name_says(string how, int status, string body, string? contentType)
    {
        await using var app = await EndpointApp.StartAsync([typeof(SendingEndpoint)]);

        var answer = await app.GetAsync($"/sending/{how}");

        Assert.Equal(((HttpStatusCode)status, body, contentType), (answer.Status, answer.Body, answer.ContentType?.ToString()));
    }

    [Theory]
    [InlineData("created", "/sending/other")]
    [InlineData("created-empty", "http://localhost/sending/other")]
    [InlineData("created-second", "/sent/other")]
    public async Task Tells_where_the_created_thing_is(string how, string location)
    {
        await using var app = await EndpointApp.StartAsync([typeof(SendingEndpoint)]);

        Assert.Equal(location, (await app.GetAsync($"/sending/{how}")).Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Carries_the_headers_that_it_is_given()
    {
        await using var app = await EndpointApp.StartAsync([typeof(SendingEndpoint)]);

        Assert.Equal("5", Assert.Single((await app.GetAsync("/sending/headers")).Headers.GetValues("X-Total")));
    }

    [Theory]
    [InlineData("thing", 200, """{"id":7}""")]
    [InlineData("missing", 404, "")]
    [InlineData("bad", 422, """{"type":"https://www.rfc-editor.org/rfc/rfc4918#section-11.2","title":"Unprocessable Entity","status":422,"instance":"/union/bad","traceId":"*","detail":"is bad","errors":[{"name":"how","reason":"is bad"}]}""")]
    public async Task Can_be_one_of_several_typed_results(string how, int status, string body)
    {
        await using var app = await EndpointApp.StartAsync([typeof(UnionEndpoint)]);

        var answer = await app.GetAsync($"/union/{how}");

        Assert.Equal((HttpStatusCode)status, answer.Status);
        Assert.Matches("^" + System.Text.RegularExpressions.Regex.Escape(body).Replace("\\*", "[^\"]+") + "$", answer.Body);
    }

    [Theory]
    [InlineData("thing", 200, """{"id":7}""")]
    [InlineData("nothing", 204, "")]
    public async Task Is_sent_when_it_is_returned(string how, int status, string body)
    {
        await using var app = await EndpointApp.StartAsync([typeof(ReturningEndpoint)]);

        var answer = await app.GetAsync($"/returning/{how}");

        Assert.Equal(((HttpStatusCode)status, body), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Is_written_as_the_application_writes_JSON()
    {
        await using var app = await EndpointApp.StartAsync(
            [typeof(ReturningEndpoint)],
            config => config.Serializer.Options.WriteIndented = false,
            builder => builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.KebabCaseUpper));

        Assert.Equal("""{"ID":7}""", (await app.GetAsync("/returning/thing")).Body);
    }

    [Fact]
    public async Task Comes_from_an_endpoint_that_is_made_for_the_request_and_disposed_after_it()
    {
        var disposed = new Disposals();
        await using var app = await EndpointApp.StartAsync([typeof(DisposableEndpoint)], build: builder => builder.Services.AddSingleton(disposed));
        disposed.Count = 0;

        await app.GetAsync("/disposable");
        await app.GetAsync("/disposable");

        await Until.TrueAsync(() => disposed.Count == 2, "both are disposed of");
    }

    internal sealed record Thing(int Id);

    internal sealed class Disposals
    {
        public int Count { get; set; }
    }

    [DontRegister]
    private sealed class SendingEndpoint : EndpointWithoutRequest<Thing>
    {
        public override void Configure()
        {
            Get("/sending/{how}", "/sent/{how}");
            AllowAnonymous();
        }

        public override Task HandleAsync(CancellationToken ct)
        {
            var thing = new Thing(7);
            return Route<string>("how") switch
            {
                "ok" => Send.OkAsync(thing, ct),
                "ok-empty" => Send.OkAsync(ct),
                "created" => Send.CreatedAtAsync<SendingEndpoint>(new { how = "other" }, thing, routeNumber: 1, cancellation: ct),
                "created-empty" => Send.CreatedAtAsync<SendingEndpoint>(new { how = "other" }, routeNumber: 1, generateAbsoluteUrl: true, cancellation: ct),
                "created-second" => Send.CreatedAtAsync<SendingEndpoint>(new { how = "other" }, thing, routeNumber: 2, cancellation: ct),
                "no-content" => Send.NoContentAsync(ct),
                "not-found" => Send.NotFoundAsync(ct),
                "forbidden" => Send.ForbiddenAsync(ct),
                "unauthorized" => Send.UnauthorizedAsync(ct),
                "response" => Send.ResponseAsync(thing, 202, ct),
                "status" => Send.StatusCodeAsync(418, ct),
                "result" => Send.ResultAsync(TypedResults.Conflict()),
                "string" => Send.StringAsync("text", 203, cancellation: ct),
                "headers" => Send.HeadersAsync(headers => headers["X-Total"] = "5", 206, ct),
                _ => Task.CompletedTask
            };
        }
    }

    [DontRegister]
    private sealed class UnionEndpoint : EndpointWithoutRequest<Results<Ok<Thing>, NotFound, global::FastEndpoints.ProblemDetails>>
    {
        public override void Configure()
        {
            Get("/union/{how}");
            AllowAnonymous();
        }

        public override async Task<Results<Ok<Thing>, NotFound, global::FastEndpoints.ProblemDetails>> ExecuteAsync(CancellationToken ct)
        {
            await Task.Yield();
            switch (Route<string>("how"))
            {
                case "thing":
                    return TypedResults.Ok(new Thing(7));
                case "missing":
                    return TypedResults.NotFound();
                default:
                    AddError(new("How", "is bad"));
                    return new global::FastEndpoints.ProblemDetails(ValidationFailures, 422);
            }
        }
    }

    [DontRegister]
    private sealed class ReturningEndpoint : EndpointWithoutRequest<Thing?>
    {
        public override void Configure()
        {
            Get("/returning/{how}");
            AllowAnonymous();
        }

        public override Task<Thing?> ExecuteAsync(CancellationToken ct)
            => Task.FromResult(Route<string>("how") == "thing" ? new Thing(7) : null);
    }

    [DontRegister]
    private sealed class DisposableEndpoint(Disposals disposals) : EndpointWithoutRequest, IDisposable
    {
        public override void Configure()
        {
            Get("/disposable");
            AllowAnonymous();
        }

        public override Task HandleAsync(CancellationToken ct) => Send.NoContentAsync(ct);

        public void Dispose() => disposals.Count++;
    }
}
