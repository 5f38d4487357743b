using System.Runtime.CompilerServices;
using Games.Data;
using Games.Journal;
using Games.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>
/// The processes that listen: each has one connection for the outbox and one for the journal, named after itself and what it is for, and each
/// speaks at least once every KeepAliveInterval.
/// </summary>
internal sealed class ListenersCheck(GamesDbContext db, OutboxOptions outbox, JournalOptions journal) : ICheck
{
    // OutboxStore.OpenOwnConnectionAsync and JournalListener.Purpose
    private const string Outbox = "outbox";
    private const string Journal = "events";

    private const int MissedKeepAlives = 4;

    public string Subject => "listeners";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var listeners = await db.Database.SqlQuery<Listener>($"""
            SELECT pid AS "Pid", application_name AS "Name", COALESCE(host(client_addr) || ':' || client_port, 'this machine') AS "Client",
                EXTRACT(EPOCH FROM clock_timestamp() - backend_start)::float8 AS "ConnectedSeconds",
                COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - state_change), 0)::float8 AS "SilentSeconds"
            FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '(^| )(outbox|events)$' ORDER BY application_name, backend_start
            """).ToListAsync(ct);

        IEnumerable<Finding> findings =
        [
            .. Of(Outbox, listeners, outbox.Notifications, outbox.KeepAliveInterval, "what others leave in the outbox is not told of", "Outbox:Notifications"),
            .. Of(Journal, listeners, journal is { Notifications: true, Dispatch: true }, journal.KeepAliveInterval, "what is inserted waits for somebody's look", "Journal:Notifications"),
        ];
        foreach (var finding in findings)
            yield return finding;
    }

    private static IEnumerable<Finding> Of(string purpose, IEnumerable<Listener> all, bool isExpected, TimeSpan keepAlive, string loss, string setting)
    {
        var listeners = all.Where(x => x.Name.EndsWith(purpose, StringComparison.Ordinal)).ToList();
        if (listeners is [])
        {
            yield return isExpected
                ? Finding.Wrong($"listeners, {purpose}", $"no process listens, so {loss}", $"start the API or the bot; where LISTEN cannot work set {setting}=false")
                : Finding.Ok($"listeners, {purpose}", $"switched off by {setting}, somebody looks now and then");
        }

        foreach (var listener in listeners)
        {
            var saw = $"{listener.Client} (backend {listener.Pid}) for {listener.ConnectedSeconds:F0} s, heard of {Math.Max(0, listener.SilentSeconds):F0} s ago";
            yield return listener.SilentSeconds > (keepAlive * MissedKeepAlives).TotalSeconds
                ? Finding.Wrong($"listener {listener.Name}", saw, $"look at the process behind it; if there is none any more: SELECT pg_terminate_backend({listener.Pid})")
                : Finding.Ok($"listener {listener.Name}", saw);
        }
    }

    internal sealed record Listener(int Pid, string Name, string Client, double ConnectedSeconds, double SilentSeconds);
}
