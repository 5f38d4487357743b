using System.Runtime.CompilerServices;
using Games.Data;
using Games.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>
/// The processes whose relay listens: each has one connection for it, which speaks at least once every Outbox:KeepAliveInterval.
/// </summary>
internal sealed class ListenersCheck(GamesDbContext db, IConfiguration configuration) : ICheck
{
    /// <summary>The name that Games.Outbox gives the connection (OutboxStore.OpenOwnConnectionAsync).</summary>
    private const string ApplicationName = "outbox";

    private const double SilentSeconds = 60;

    public string Subject => "listeners";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        if (!configuration.GetValue($"{OutboxOptions.Section}:{nameof(OutboxOptions.Notifications)}", defaultValue: true))
        {
            yield return Finding.Ok(Subject, "switched off by Outbox:Notifications, the relays look for themselves");
            yield break;
        }

        var listeners = await db.Database.SqlQuery<Listener>($"""
            SELECT pid AS "Pid", COALESCE(host(client_addr) || ':' || client_port, 'this machine') AS "Client",
                EXTRACT(EPOCH FROM clock_timestamp() - backend_start)::float8 AS "ConnectedSeconds",
                EXTRACT(EPOCH FROM clock_timestamp() - state_change)::float8 AS "SilentSeconds"
            FROM pg_stat_activity WHERE datname = current_database() AND application_name = {ApplicationName} ORDER BY backend_start
            """).ToListAsync(ct);

        if (listeners is [])
            yield return Finding.Wrong(Subject, "no process listens, so what others leave is not told of", "start the API or the bot; where LISTEN cannot work set Outbox:Notifications=false");
        foreach (var listener in listeners)
        {
            var saw = $"{listener.Client} (backend {listener.Pid}) for {listener.ConnectedSeconds:F0} s, heard of {Math.Max(0, listener.SilentSeconds):F0} s ago";
            yield return listener.SilentSeconds > SilentSeconds
                ? Finding.Wrong("listener", saw, $"look at the process behind it; if there is none any more: SELECT pg_terminate_backend({listener.Pid})")
                : Finding.Ok("listener", saw);
        }
    }

    internal sealed record Listener(int Pid, string Client, double ConnectedSeconds, double SilentSeconds);
}
