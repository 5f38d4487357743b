using System.Diagnostics;

namespace Games.DiscordClient.Rest;

/// <summary>
/// A span for each request that leaves (source <c>Games.DiscordClient</c>), by OpenTelemetry's conventions for HTTP clients but for the address: an
/// interaction's token is in it, so the route stands in its place.
/// </summary>
internal static class DiscordTracing
{
    private static readonly ActivitySource Source = new("Games.DiscordClient");

    /// <summary>Null if nobody listens.</summary>
    public static Activity? Start(Route route, Uri api)
    {
        var span = Source.StartActivity(route.ToString(), ActivityKind.Client);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("http.request.method", route.Method.Method);
            span.SetTag("url.template", route.Template);
            span.SetTag("server.address", api.Host);
            span.SetTag("server.port", api.Port);
        }

        return span;
    }

    public static void End(this Activity? span, Answer answer)
    {
        span?.SetTag("http.response.status_code", (int)answer.Status);
        if (!answer.IsError)
            return;

        span?.SetTag("error.type", $"{(int)answer.Status}");
        span?.SetTag("discord.error.code", answer.Code);
        span?.SetStatus(ActivityStatusCode.Error);
    }

    public static void End(this Activity? span, Exception failure)
    {
        span?.SetTag("error.type", failure.GetType().FullName);
        span?.SetStatus(ActivityStatusCode.Error);
    }
}
