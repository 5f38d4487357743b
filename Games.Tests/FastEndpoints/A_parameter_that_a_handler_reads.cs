using System.Net;
using FastEndpoints;

namespace Games.Tests.FastEndpoints;

public sealed class A_parameter_that_a_handler_reads
{
    [Theory]
    [InlineData("/games/0193e8a0-7c1f-7000-8000-000000000001/1", "0193e8a0-7c1f-7000-8000-000000000001 1 ")]
    [InlineData("/games/0193e8a0-7c1f-7000-8000-000000000001/1?note=hello", "0193e8a0-7c1f-7000-8000-000000000001 1 hello")]
    public async Task Is_read_from_the_route_or_the_query(string path, string expected)
    {
        await using var app = await EndpointApp.StartAsync([typeof(WithoutRequestEndpoint)]);

        Assert.Equal(expected, (await app.GetAsync(path)).Body);
    }

    [Theory]
    [InlineData("/games/seven/1", "id: Unable to read value of route parameter!")]
    [InlineData("/games/0193e8a0-7c1f-7000-8000-000000000001", "number: Route parameter was not found!")]
    [InlineData("/games/0193e8a0-7c1f-7000-8000-000000000001/1?required=", "required: Query parameter was not found!")]
    public async Task Refuses_the_request_when_it_is_missing_or_does_not_parse(string path, string expected)
    {
        await using var app = await EndpointApp.StartAsync([typeof(WithoutRequestEndpoint)]);

        var answer = await app.GetAsync(path.Replace("required=", "demand=true"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(expected, Assert.Single(Errors.Of(answer)));
    }

    [DontRegister]
    private sealed class WithoutRequestEndpoint : EndpointWithoutRequest
    {
        public override void Configure()
        {
            Get("/games/{id}", "/games/{id}/{number}");
            AllowAnonymous();
        }

        public override Task HandleAsync(CancellationToken ct)
        {
            var id = Route<Guid>("id");
            var number = Route<int>("number");
            if (Query<bool>("demand", isRequired: false))
                Query<string>("required");

            return Send.StringAsync($"{id} {number} {Query<string>("note", isRequired: false)}", cancellation: ct);
        }
    }
}
