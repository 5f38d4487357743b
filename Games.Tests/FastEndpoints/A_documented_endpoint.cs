using System.Text.Json.Nodes;
using FastEndpoints;
using FluentValidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.FastEndpoints;

public sealed class A_documented_endpoint : IAsyncLifetime
{
    // Not called by its name: a generator would intercept the call, in a namespace that this project does not allow it.
    private static readonly Func<IServiceCollection, IServiceCollection> AddOpenApi = OpenApiServiceCollectionExtensions.AddOpenApi;

    private EndpointApp _app = null!;
    private JsonNode _paths = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await EndpointApp.StartAsync(
            [typeof(CreateNight), typeof(NightValidator), typeof(ListNights), typeof(ReadNight)],
            build: builder => AddOpenApi.Invoke(builder.Services),
            map: app => app.MapOpenApi());
        _paths = JsonNode.Parse((await _app.GetAsync("/openapi/v1.json")).Body)!["paths"]!;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public void Shows_its_body_its_responses_and_its_words()
    {
        var create = _paths["/nights"]!["post"]!;

        Assert.Equal("#/components/schemas/Night", (string?)create["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]);
        Assert.Equal(["201", "400"], Responses(create));
        Assert.Equal("#/components/schemas/ProblemDetails", (string?)create["responses"]!["400"]!["content"]!["application/problem+json"]!["schema"]!["$ref"]);
        Assert.Equal(("Creates a night", "It is announced."), ((string?)create["summary"], (string?)create["description"]));
        Assert.Equal("nights", (string?)create["tags"]![0]);
        Assert.Equal("A rule is broken.", (string?)create["responses"]!["400"]!["description"]);
    }

    [Fact]
    public void Shows_its_query_and_headers()
    {
        var list = _paths["/nights"]!["get"]!;

        Assert.Null(list["requestBody"]);
        Assert.Equal(["query guildId", "query limit", "header X-Tenant"], Parameters(list));
        Assert.Equal(["200", "401"], Responses(list));
    }

    [Fact]
    public void Shows_its_route_and_all_that_it_can_return()
    {
        var read = _paths["/nights/{id}"]!["get"]!;

        Assert.Equal(["path id"], Parameters(read));
        Assert.Equal("uuid", (string?)read["parameters"]![0]!["schema"]!["format"]);
        Assert.True((bool?)read["parameters"]![0]!["required"]);
        Assert.Equal(["200", "404"], Responses(read));
    }

    private static string[] Parameters(JsonNode operation)
        => [.. operation["parameters"]!.AsArray().Select(parameter => $"{parameter!["in"]} {parameter["name"]}")];

    private static string[] Responses(JsonNode operation)
        => [.. operation["responses"]!.AsObject().Select(response => response.Key).Order()];

    internal sealed record Night(string? Title, int MaxPlayers);

    internal sealed record NightFilter
    {
        public string? GuildId { get; init; }

        public int? Limit { get; init; }

        [FromHeader("X-Tenant")]
        public string? Tenant { get; init; }
    }

    [DontRegister]
    internal sealed class NightValidator : Validator<Night>
    {
        public NightValidator() => RuleFor(night => night.Title).NotEmpty();
    }

    [DontRegister]
    private sealed class CreateNight : Endpoint<Night, Night>
    {
        public override void Configure()
        {
            Post("/nights");
            AllowAnonymous();
            Tags("nights");
            Description(route => route.Produces<Night>(StatusCodes.Status201Created));
            Summary(summary =>
            {
                summary.Summary = "Creates a night";
                summary.Description = "It is announced.";
                summary.Responses[400] = "A rule is broken.";
            });
        }

        public override Task HandleAsync(Night req, CancellationToken ct) => Send.ResponseAsync(req, 201, ct);
    }

    [DontRegister]
    private sealed class ListNights : Endpoint<NightFilter, Night[]>
    {
        public override void Configure() => Get("/nights");

        public override Task HandleAsync(NightFilter req, CancellationToken ct) => Send.OkAsync([], ct);
    }

    [DontRegister]
    private sealed class ReadNight : EndpointWithoutRequest<Results<Ok<Night>, NotFound>>
    {
        public override void Configure()
        {
            Get("/nights/{id:guid}");
            AllowAnonymous();
        }

        public override Task<Results<Ok<Night>, NotFound>> ExecuteAsync(CancellationToken ct)
            => Task.FromResult<Results<Ok<Night>, NotFound>>(TypedResults.NotFound());
    }
}
