using System.Runtime.CompilerServices;
using Games.Data;
using Games.Data.Journal;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inspection;

namespace Games.Api.Ops.Doctor;

/// <summary>
/// The processes that listen: each has one connection for the outbox and one for the journal, named after itself and what it is for, and each
/// speaks at least once every KeepAliveInterval.
/// </summary>
internal sealed class ListenersCheck(GamesDbContext db, OutboxOptions outbox, JournalOptions journal) : ICheck
{
    private const int MissedKeepAlives = 4;

    public string Subject => "listeners";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        const string Outbox = OutboxInspection<GamesDbContext>.ListenerPurpose;
        const string Journal = EventJournal.ListenerPurpose;

        IEnumerable<Finding> findings =
        [
            .. Of(Outbox, await ListeningConnections.ListAsync(db, Outbox, ct), outbox.Notifications, outbox.KeepAliveInterval, "what others leave in the outbox is not told of", "Outbox:Notifications"),
            .. Of(Journal, await ListeningConnections.ListAsync(db, Journal, ct), journal is { Notifications: true, Dispatch: true }, journal.KeepAliveInterval, "what is inserted waits for somebody's look", "Journal:Notifications"),
        ];
        foreach (var finding in findings)
            yield return finding;
    }

    private static IEnumerable<Finding> Of(string purpose, IReadOnlyList<ListeningConnection> listeners, bool isExpected, TimeSpan keepAlive, string loss, string setting)
    {
        if (listeners is [])
        {
            yield return isExpected
                ? Finding.Wrong($"listeners, {purpose}", $"no process listens, so {loss}", $"start the API or the bot; where LISTEN cannot work set {setting}=false")
                : Finding.Ok($"listeners, {purpose}", $"switched off by {setting}, somebody looks now and then");
        }

        foreach (var listener in listeners)
        {
            var saw = $"{listener.Client} (backend {listener.ProcessId}) for {listener.ConnectedSeconds:F0} s, heard of {Math.Max(0, listener.SilentSeconds):F0} s ago";
            yield return listener.SilentSeconds > (keepAlive * MissedKeepAlives).TotalSeconds
                ? Finding.Wrong($"listener {listener.Name}", saw, $"look at the process behind it; if there is none any more: SELECT pg_terminate_backend({listener.ProcessId})")
                : Finding.Ok($"listener {listener.Name}", saw);
        }
    }
}
