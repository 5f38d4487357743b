using System.Net;
using FastEndpoints;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.FastEndpoints;

public sealed class A_validated_request
{
    [Fact]
    public async Task Does_not_reach_its_handler_when_it_breaks_a_rule()
    {
        await using var app = await EndpointApp.StartAsync([typeof(StrictEndpoint), typeof(PersonValidator)]);

        var answer = await app.PostAsync("/strict", """{ "name": "x" }""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["name: 'name' must not be equal to 'x'."], Errors.Of(answer));
    }

    [Fact]
    public async Task Reaches_its_handler_when_it_breaks_none()
    {
        await using var app = await EndpointApp.StartAsync([typeof(StrictEndpoint), typeof(PersonValidator)]);

        Assert.Equal("Ann: 0", (await app.PostAsync("/strict", """{ "name": "Ann" }""")).Body);
    }

    [Fact]
    public async Task Reaches_a_handler_that_wants_to_see_the_errors_itself()
    {
        await using var app = await EndpointApp.StartAsync([typeof(LenientEndpoint), typeof(PersonValidator)]);

        Assert.Equal("x: 1", (await app.PostAsync("/lenient", """{ "name": "x" }""")).Body);
    }

    [Fact]
    public async Task Is_validated_by_one_instance_that_is_made_of_services()
    {
        var counter = new Counter();
        await using var app = await EndpointApp.StartAsync(
            [typeof(StrictEndpoint), typeof(LenientEndpoint), typeof(PersonValidator)],
            build: builder => builder.Services.AddSingleton(counter));

        for (var i = 0; i < 3; i++)
            await app.PostAsync("/strict", """{ "name": "Ann" }""");

        Assert.Equal((1, 3), (counter.Made, counter.Run));
    }

    [Fact]
    public async Task Needs_a_choice_when_there_are_two_validators()
    {
        var undecided = await Assert.ThrowsAsync<InvalidOperationException>(
            () => EndpointApp.StartAsync([typeof(StrictEndpoint), typeof(PersonValidator), typeof(OtherValidator)]));
        Assert.Contains(nameof(StrictEndpoint), undecided.Message);

        await using var app = await EndpointApp.StartAsync([typeof(ChoosingEndpoint), typeof(PersonValidator), typeof(OtherValidator)]);
        Assert.Equal(["name: other"], Errors.Of(await app.PostAsync("/choosing", """{ "name": "Ann" }""")));
    }

    internal sealed record Person(string? Name);

    internal sealed class Counter
    {
        public int Made { get; set; }

        public int Run { get; set; }
    }

    [DontRegister]
    internal sealed class PersonValidator : Validator<Person>
    {
        public PersonValidator(IServiceProvider services)
        {
            var counter = services.GetService<Counter>() ?? new();
            counter.Made++;
            RuleFor(person => person.Name).NotEqual("x").Must(_ => ++counter.Run > 0);
        }
    }

    [DontRegister]
    internal sealed class OtherValidator : Validator<Person>
    {
        public OtherValidator() => RuleFor(person => person.Name).Null().WithMessage("other");
    }

    internal abstract class PersonEndpoint : Endpoint<Person>
    {
        public override Task HandleAsync(Person req, CancellationToken ct)
            => Send.StringAsync($"{req.Name}: {(ValidationFailed ? ValidationFailures.Count : 0)}", cancellation: ct);
    }

    [DontRegister]
    private sealed class StrictEndpoint : PersonEndpoint
    {
        public override void Configure()
        {
            Post("/strict");
            AllowAnonymous();
        }
    }

    [DontRegister]
    private sealed class LenientEndpoint : PersonEndpoint
    {
        public override void Configure()
        {
            Post("/lenient");
            AllowAnonymous();
            DontThrowIfValidationFails();
        }
    }

    [DontRegister]
    private sealed class ChoosingEndpoint : PersonEndpoint
    {
        public override void Configure()
        {
            Post("/choosing");
            AllowAnonymous();
            Validator<OtherValidator>();
        }
    }
}
