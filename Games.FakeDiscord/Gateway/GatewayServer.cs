using Games.FakeDiscord.Faults;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Gateway;

/// <summary>Takes the WebSockets. Sessions are resumed at another address, which shows whether a client takes the one it was told.</summary>
internal sealed class GatewayServer(
    World world,
    GatewaySessions sessions,
    ActiveFaults faults,
    SettingsHolder settings,
    Statistics statistics,
    TimeProvider time,
    IHostApplicationLifetime host)
{
    public const string Path = "/gateway";
    public const string ResumePath = "/gateway/resume";

    public async Task AcceptAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest || faults.Take(FaultKind.RefuseGateway) is not null)
        {
            context.Response.StatusCode = context.WebSockets.IsWebSocketRequest ? 503 : 400;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var scheme = context.Request.IsHttps ? "wss" : "ws";
        var connection = new GatewayConnection(
            socket,
            $"{scheme}://{context.Request.Host}{ResumePath}",
            context.Request.Path.StartsWithSegments(ResumePath),
            world, sessions, faults, settings, statistics, time);
        var query = context.Request.Query;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, host.ApplicationStopping);
        await connection.RunAsync(query["v"], query["encoding"].Count > 0 ? query["encoding"].ToString() : null, stop.Token);
    }
}
