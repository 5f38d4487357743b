using System.Net;
using FastEndpoints;

namespace Games.Tests.FastEndpoints;

public sealed class A_request_that_needs_a_claim_a_header_a_permission_and_a_parameter
{
    [Fact]
    public async Task Is_refused_without_them()
    {
        await using var app = await EndpointApp.StartAsync([typeof(DemandingEndpoint)]);

        var answer = await app.PostAsync("/demanding", "{}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(
            [
                "page: A value is required!",
                "sub: User doesn't have this claim type!",
                "x-Tenant: This header is missing from the request!",
                "games:create: User doesn't have this permission!"
            ],
            Errors.Of(answer));
    }

    [Fact]
    public async Task Is_bound_from_them()
    {
        await using var app = await EndpointApp.StartAsync([typeof(DemandingEndpoint)]);

        var answer = await app.PostAsync("/demanding?page=3", "{}", ("X-User", "sub=42, permissions=games:create"), ("X-Tenant", "acme"));

        Assert.Equal(new Demands { UserId = "42", Tenant = "acme", MayCreate = true, Page = 3 }, answer.Read<Demands>());
    }

    [Fact]
    public async Task Cannot_be_given_a_claim_or_a_header_by_the_body_or_the_query()
    {
        await using var app = await EndpointApp.StartAsync([typeof(DemandingEndpoint)]);

        var answer = await app.PostAsync(
            "/demanding?page=3&userId=admin&tenant=other",
            """{ "userId": "admin" }""",
            ("X-User", "sub=42, permissions=games:create"),
            ("X-Tenant", "acme"));

        Assert.Equal(("42", "acme"), (answer.Read<Demands>().UserId, answer.Read<Demands>().Tenant));
    }

    internal sealed record Demands
    {
        [FromClaim("sub")]
        public required string UserId { get; init; }

        [FromHeader("X-Tenant")]
        public required string Tenant { get; init; }

        [HasPermission("games:create")]
        public bool MayCreate { get; init; }

        [QueryParam(IsRequired = true)]
        public int Page { get; init; }
    }

    [DontRegister]
    private sealed class DemandingEndpoint : Endpoint<Demands, Demands>
    {
        public override void Configure()
        {
            Post("/demanding");
            AllowAnonymous();
        }

        public override Task HandleAsync(Demands req, CancellationToken ct) => Send.OkAsync(req, ct);
    }
}
