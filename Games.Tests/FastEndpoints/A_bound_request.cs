using System.Net;
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

        Assert.Equal(expected, answer.Read<Everything>().Value);
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

        Assert.Equal(("claim", "header"), (answer.Read<Everything>().Claimed, answer.Read<Everything>().Sent));
    }

    [Fact]
    public async Task Takes_optional_claims_and_headers_from_elsewhere_when_they_are_missing()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync("/bind?claimed=query", """{ "sent": "body" }""");

        Assert.Equal(("query", "body"), (answer.Read<Everything>().Claimed, answer.Read<Everything>().Sent));
    }

    [Fact]
    public async Task Takes_marked_properties_from_their_own_source_only()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync("/bind/x/place/thing?fromRoute=query&fromQuery=query", "{}");

        Assert.Equal(("place", "query"), (answer.Read<Everything>().FromRoute, answer.Read<Everything>().FromQuery));
    }

    [Fact]
    public async Task Takes_a_renamed_property_by_its_new_name()
    {
        await using var app = await EndpointApp.StartAsync([typeof(BindEndpoint)]);

        var answer = await app.PostAsync("/bind?q=words&search=no", "{}");

        Assert.Equal("words", answer.Read<Everything>().Search);
    }

    [Fact]
    public async Task Takes_form_fields()
    {
        await using var app = await EndpointApp.StartAsync([typeof(FormEndpoint)]);

        var answer = await app.PostAsync("/form", new FormUrlEncodedContent([new("value", "form"), new("number", "7")]));

        Assert.Equal(("form", 7), (answer.Read<Everything>().Value, answer.Read<Everything>().Number));
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

        Assert.Equal(expected, answer.Read<Filter>().Ids);
    }

    [Fact]
    public async Task Takes_every_kind_of_value_from_the_query()
    {
        await using var app = await EndpointApp.StartAsync([typeof(QueryEndpoint)]);

        var answer = await app.GetAsync(
            "/query?day=friday&id=0193e8a0-7c1f-7000-8000-000000000001&limit=5&from=2031-01-01T20:00:00%2B01:00&site=https://example.org/a&flag=true&tags=a,b&range={\"low\":1}");

        var filter = answer.Read<Filter>();
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

        var filter = (await app.GetAsync("/query")).Read<Filter>();

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
}
