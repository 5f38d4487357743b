using System.Net;
using System.Text.Json;
using FastEndpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Games.Tests.FastEndpoints;

public sealed class A_bound_request
{
    [Theory]
    [InlineData("/bind", "body")]
    [InlineData("/bind/route", "route")]
    [InlineData("/bind/route?value=query", "query")]
    [InlineData("/bind?VALUE=query", "query")]
    public async Task Takes_a_value_from_the_last_source_that_has_it(string path, string expected)
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync(path, """{ "value": "body" }""");

        Assert.Equal(expected, Bound(answer).Value);
    }

    [Fact]
    public async Task Takes_claims_and_headers_over_everything_else()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync(
            "/bind?claimed=query&sent=query",
            """{ "claimed": "body", "sent": "body" }""",
            ("X-User", "claimed=claim"),
            ("X-Sent", "header"));

        Assert.Equal(("claim", "header"), (Bound(answer).Claimed, Bound(answer).Sent));
    }

    [Fact]
    public async Task Takes_optional_claims_and_headers_from_elsewhere_when_they_are_missing()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync("/bind?claimed=query", """{ "sent": "body" }""");

        Assert.Equal(("query", "body"), (Bound(answer).Claimed, Bound(answer).Sent));
    }

    [Fact]
    public async Task Takes_marked_properties_from_their_own_source_only()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync("/bind/x/place/thing?fromRoute=query&fromQuery=query", "{}");

        Assert.Equal(("place", "query"), (Bound(answer).FromRoute, Bound(answer).FromQuery));
    }

    [Fact]
    public async Task Takes_a_renamed_property_by_its_new_name()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync("/bind?q=words&search=no", "{}");

        Assert.Equal("words", Bound(answer).Search);
    }

    [Fact]
    public async Task Takes_form_fields()
    {
        await using var app = await EndpointApp.StartAsync([typeof(FormEndpoint)]);

        var answer = await app.PostAsync("/form", new FormUrlEncodedContent([new("value", "form"), new("number", "7")]));

        Assert.Equal(("form", 7), (Bound(answer).Value, Bound(answer).Number));
    }

    [Theory]
    [InlineData("ids=1&ids=2", new[] { 1, 2 })]
    [InlineData("ids=1,2", new[] { 1, 2 })]
    [InlineData("ids=[1,2]", new[] { 1, 2 })]
    [InlineData("ids=3", new[] { 3 })]
    public async Task Takes_lists_from_the_query(string query, int[] expected)
    {
        await using var app = await EndpointApp.StartAsync([typeof(QueryEndpoint)]);

        var answer = await app.GetAsync($"/query?{query}");

        Assert.Equal(expected, Read<Filter>(answer).Ids);
    }

    [Fact]
    public async Task Takes_every_kind_of_value_from_the_query()
    {
        await using var app = await EndpointApp.StartAsync([typeof(QueryEndpoint)]);

        var answer = await app.GetAsync(
            "/query?day=friday&id=0193e8a0-7c1f-7000-8000-000000000001&limit=5&from=2031-01-01T20:00:00%2B01:00&site=https://example.org/a&flag=true&tags=a,b&range={\"low\":1}");

        var filter = Read<Filter>(answer);
        Assert.Equal(DayOfWeek.Friday, filter.Day);
        Assert.Equal(Guid.Parse("0193e8a0-7c1f-7000-8000-000000000001"), filter.Id);
        Assert.Equal(5, filter.Limit);
        Assert.Equal(new DateTimeOffset(2031, 1, 1, 20, 0, 0, TimeSpan.FromHours(1)), filter.From);
        Assert.Equal(new Uri("https://example.org/a"), filter.Site);
        Assert.True(filter.Flag);
        Assert.Equal(["a", "b"], filter.Tags);
        Assert.Equal(1, filter.Range?.Low);
    }

    [Fact]
    public async Task Keeps_the_defaults_of_what_is_not_sent()
    {
        await using var app = await EndpointApp.StartAsync([typeof(QueryEndpoint)]);

        var filter = Read<Filter>(await app.GetAsync("/query"));

        Assert.Equal((20, null, null), (filter.PageSize, filter.Limit, filter.Id));
    }

    [Theory]
    [InlineData("limit=many", "limit", "Value [many] is not valid for a [Int32] property!")]
    [InlineData("Id=7", "id", "Value [7] is not valid for a [Guid] property!")]
    [InlineData("day=someday", "day", "Value [someday] is not valid for a [DayOfWeek] property!")]
    [InlineData("ids=1,x", "ids", "Value [1,x] is not valid for a [Int32[]] property!")]
    [InlineData("range={x", "range", "Value [{x] is not valid for a [Range] property!")]
    public async Task Is_refused_when_a_value_does_not_parse(string query, string name, string reason)
    {
        await using var app = await EndpointApp.StartAsync([typeof(QueryEndpoint)]);

        var answer = await app.GetAsync($"/query?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal($"{name}: {reason}", Assert.Single(Errors.Of(answer)));
    }

    [Fact]
    public async Task Is_refused_with_every_value_that_does_not_parse()
    {
        await using var app = await EndpointApp.StartAsync([typeof(QueryEndpoint)]);

        var answer = await app.GetAsync("/query?limit=many&id=7");

        Assert.Equal(2, Errors.Of(answer).Length);
    }

    [Fact]
    public async Task Is_refused_without_its_required_claim_header_permission_and_parameter()
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
    public async Task Takes_its_required_claim_header_permission_and_parameter()
    {
        await using var app = await EndpointApp.StartAsync([typeof(DemandingEndpoint)]);

        var answer = await app.PostAsync("/demanding?page=3", "{}", ("X-User", "sub=42, permissions=games:create"), ("X-Tenant", "acme"));

        Assert.Equal(new Demands { UserId = "42", Tenant = "acme", MayCreate = true, Page = 3 }, Read<Demands>(answer));
    }

    [Fact]
    public async Task Cannot_be_given_a_required_claim_by_the_query()
    {
        await using var app = await EndpointApp.StartAsync([typeof(DemandingEndpoint)]);

        var answer = await app.PostAsync(
            "/demanding?page=3&userId=admin&tenant=other",
            """{ "userId": "admin" }""",
            ("X-User", "sub=42, permissions=games:create"),
            ("X-Tenant", "acme"));

        Assert.Equal(("42", "acme"), (Read<Demands>(answer).UserId, Read<Demands>(answer).Tenant));
    }

    private static Everything Bound(EndpointApp.Answer answer) => Read<Everything>(answer);

    private static T Read<T>(EndpointApp.Answer answer)
        => answer.Status == HttpStatusCode.OK
            ? JsonSerializer.Deserialize<T>(answer.Body, JsonSerializerOptions.Web)!
            : throw new InvalidOperationException($"{answer.Status}: {answer.Body}");

    internal sealed record Everything
    {
        public string? Value { get; init; }

        public int Number { get; init; }

        [FromClaim("claimed", isRequired: false)]
        public string? Claimed { get; init; }

        [FromHeader("X-Sent", isRequired: false)]
        public string? Sent { get; init; }

        [RouteParam]
        public string? FromRoute { get; init; }

        [QueryParam]
        public string? FromQuery { get; init; }

        [BindFrom("q")]
        public string? Search { get; init; }
    }

    internal sealed record Range(int Low);

    internal sealed record Filter(
        Guid? Id,
        int? Limit,
        DayOfWeek? Day,
        DateTimeOffset? From,
        Uri? Site,
        bool Flag,
        int[]? Ids,
        IReadOnlyList<string>? Tags,
        Range? Range,
        int PageSize = 20);

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
    private sealed class BindEndpoint : Endpoint<Everything, Everything>
    {
        public override void Configure()
        {
            Post("/bind", "/bind/{value}", "/bind/x/{fromRoute}/{fromQuery}");
            AllowAnonymous();
        }

        public override Task HandleAsync(Everything req, CancellationToken ct) => Send.OkAsync(req, ct);
    }

    [DontRegister]
    private sealed class FormEndpoint : Endpoint<Everything, Everything>
    {
        public override void Configure()
        {
            Post("/form");
            AllowAnonymous();
            Description(route => route.Accepts<Everything>("application/x-www-form-urlencoded"), clearDefaults: true);
        }

        public override Task HandleAsync(Everything req, CancellationToken ct) => Send.OkAsync(req, ct);
    }

    [DontRegister]
    private sealed class QueryEndpoint : Endpoint<Filter, Filter>
    {
        public override void Configure()
        {
            Get("/query");
            AllowAnonymous();
        }

        public override Task HandleAsync(Filter req, CancellationToken ct) => Send.OkAsync(req, ct);
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
