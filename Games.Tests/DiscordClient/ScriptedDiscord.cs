using System.Collections.Concurrent;
using Games.DiscordClient;
using Games.DiscordClient.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.DiscordClient;

/// <summary>A server that answers as a test says, and what it was asked.</summary>
internal sealed class ScriptedDiscord : IAsyncDisposable
{
    public const string Token = "the.secret.token";

    private readonly WebApplication _app;

    public ScriptedDiscord(Func<HttpContext, Task>? answer = null)
    {
        Answer = answer ?? (context => Json(context, 200, """{"id":"1","channel_id":"2"}"""));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            Requests.Enqueue(new(
                context.Request.Method,
                context.Request.Path + context.Request.QueryString,
                context.Request.Headers.Authorization.ToString(),
                context.WebSockets.IsWebSocketRequest ? "" : await body.ReadToEndAsync(),
                Time.GetUtcNow()));
            await Answer(context);
        });
        _app.Start();
    }

    public Func<HttpContext, Task> Answer { get; set; }

    public ConcurrentQueue<Request> Requests { get; } = [];

    public FakeTimeProvider Time { get; } = new(new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    public Uri Address => new(_app.Urls.Single());

    public DiscordRestOptions Options => new() { Token = Token, BaseAddress = new(Address, "/api/v10/") };

    public DiscordRestClient Client(DiscordRestOptions? options = null, ILogger<DiscordRestClient>? logger = null) =>
        DiscordRegistration.CreateRestClient(options ?? Options, Time, logger ?? NullLogger<DiscordRestClient>.Instance);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Moves the clock on until it has happened.</summary>
    public Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition, string what) => Until.TrueAsync(
        () =>
        {
            if (condition())
                return true;
            Time.Advance(step);
            return false;
        },
        what);

    public static async Task Json(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(body);
    }

    /// <summary>A bucket as Discord tells of it.</summary>
    public static (string, string)[] Limit(int remaining, double resetAfter, string bucket = "b", int limit = 5) =>
    [
        ("X-RateLimit-Limit", $"{limit}"), ("X-RateLimit-Remaining", $"{remaining}"),
        ("X-RateLimit-Reset-After", FormattableString.Invariant($"{resetAfter}")), ("X-RateLimit-Bucket", bucket),
    ];

    public sealed record Request(string Method, string Path, string Authorization, string Body, DateTimeOffset At);
}
