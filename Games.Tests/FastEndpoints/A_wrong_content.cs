using System.Net;
using System.Text;
using FastEndpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Games.Tests.FastEndpoints;

public sealed class A_wrong_content
{
    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Of_another_type_is_415(string contentType)
    {
        await using var app = await EndpointApp.StartAsync([typeof(EchoEndpoint)]);

        var answer = await app.PostAsync("/echo", new StringContent("""{ "text": "x" }""", Encoding.UTF8, contentType));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
    }

    [Fact]
    public async Task Of_no_type_is_415()
    {
        await using var app = await EndpointApp.StartAsync([typeof(EchoEndpoint)]);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await app.PostAsync("/echo", new ByteArrayContent("""{ "text": "x" }"""u8.ToArray()))).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await app.PostAsync("/echo", content: null)).Status);
    }

    [Fact]
    public async Task Is_none_when_nothing_comes_from_the_body()
    {
        await using var app = await EndpointApp.StartAsync([typeof(RouteOnlyEndpoint)]);

        Assert.Equal("x", (await app.PostAsync("/echo/x", content: null)).Body);
    }

    [Fact]
    public async Task Of_too_many_bytes_is_413()
    {
        await using var app = await EndpointApp.StartAsync(
            [typeof(EchoEndpoint)],
            build: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 100),
            onKestrel: true);

        var answer = await app.PostAsync("/echo", $$"""{ "text": "{{new string('x', 200)}}" }""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Equal(["generalErrors: Request body too large. The max request body size is 100 bytes."], Errors.Of(answer));
    }

    [Fact]
    public async Task Of_too_many_bytes_is_413_when_its_length_is_not_told()
    {
        await using var app = await EndpointApp.StartAsync(
            [typeof(EchoEndpoint)],
            build: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 100),
            onKestrel: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/echo")
        {
            Content = new StringContent($$"""{ "text": "{{new string('x', 200)}}" }""", Encoding.UTF8, "application/json")
        };
        request.Headers.TransferEncodingChunked = true;

        using var response = await app.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    internal sealed record Echo(string? Text);

    internal sealed record RouteOnly
    {
        [RouteParam]
        public string? Text { get; init; }
    }

    [DontRegister]
    private sealed class EchoEndpoint : Endpoint<Echo>
    {
        public override void Configure()
        {
            Post("/echo");
            AllowAnonymous();
        }

        public override Task HandleAsync(Echo req, CancellationToken ct) => Send.StringAsync(req.Text ?? "", cancellation: ct);
    }

    [DontRegister]
    private sealed class RouteOnlyEndpoint : Endpoint<RouteOnly>
    {
        public override void Configure()
        {
            Post("/echo/{text}");
            AllowAnonymous();
        }

        public override Task HandleAsync(RouteOnly req, CancellationToken ct) => Send.StringAsync(req.Text ?? "", cancellation: ct);
    }
}
