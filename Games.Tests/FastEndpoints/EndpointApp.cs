using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FastEndpoints;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.FastEndpoints;

/// <summary>An application of a few endpoints.</summary>
internal sealed class EndpointApp : IAsyncDisposable
{
    private EndpointApp(WebApplication app, HttpClient client)
    {
        App = app;
        Client = client;
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public static async Task<EndpointApp> StartAsync(
        Type[] types,
        Action<Config>? configure = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? map = null,
        bool onKestrel = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (onKestrel)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            builder.WebHost.UseTestServer();

        builder.Services.AddAuthentication(HeaderAuthentication.Name)
            .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>(HeaderAuthentication.Name, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy("hosts", policy => policy.RequireClaim("hosts", "yes"));
        builder.Services.AddFastEndpoints(discovery => discovery.SourceGeneratorDiscoveredTypes.AddRange(types));
        build?.Invoke(builder);

        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseFastEndpoints(configure ?? (config => config.Errors.UseProblemDetails()));
        map?.Invoke(app);
        await app.StartAsync();
        return new(app, onKestrel ? ClientOf(app) : app.GetTestClient());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers)
        => SendAsync(new(HttpMethod.Get, path), headers);

    public Task<Answer> PostAsync(string path, string json, params (string Name, string Value)[] headers)
        => SendAsync(new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, headers);

    public Task<Answer> PostAsync(string path, HttpContent? content)
        => SendAsync(new(HttpMethod.Post, path) { Content = content }, []);

    private async Task<Answer> SendAsync(HttpRequestMessage request, (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);

        using var response = await Client.SendAsync(request);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType, response.Headers);
    }

    private static HttpClient ClientOf(WebApplication app)
        => new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };

    internal sealed record Answer(HttpStatusCode Status, string Body, MediaTypeHeaderValue? ContentType, HttpResponseHeaders Headers);
}
