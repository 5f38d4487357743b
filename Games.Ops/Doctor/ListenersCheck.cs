using System.Runtime.CompilerServices;
using Games.Data;
using Games.Journal;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inspection;

namespace Games.Ops.Doctor;

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
        var isJournalExpected = journal is { Notifications: true, Dispatch: true };

        IEnumerable<Finding> findings =
        [
            .. await OfAsync(
                OutboxInspection<GamesDbContext>.ListenerPurpose, outbox.Notifications, outbox.KeepAliveInterval,
                "a message that another process leaves in the outbox waits for the next poll", "Outbox:Notifications", ct),
            .. await OfAsync(
                JournalInspection.ListenerPurpose, isJournalExpected, journal.KeepAliveInterval,
                "an event that is inserted waits for the next poll", "Journal:Notifications", ct),
        ];
        foreach (var finding in findings)
            yield return finding;
    }

    private async Task<IEnumerable<Finding>> OfAsync(
        string purpose, bool isExpected, TimeSpan keepAlive, string loss, string setting, CancellationToken ct)
    {
        var listeners = await ListeningConnections.ListAsync(db, purpose, ct);
        if (listeners is not [])
            return listeners.Select(listener => Of(listener, keepAlive));

        return
        [
            isExpected
                ? Finding.Wrong(
                    $"listeners, {purpose}", $"no process listens, so {loss}",
                    $"start the API or the bot; where LISTEN cannot work set {setting}=false")
                : Finding.Ok($"listeners, {purpose}", $"switched off by {setting}, the services poll"),
        ];
    }

    private static Finding Of(ListeningConnection listener, TimeSpan keepAlive)
    {
        var silent = Math.Max(0, listener.SilentSeconds);
        var saw = $"{listener.Client} (backend {listener.ProcessId}) for {listener.ConnectedSeconds:F0} s, heard of {silent:F0} s ago";

        return silent > (keepAlive * MissedKeepAlives).TotalSeconds
            ? Finding.Wrong(
                $"listener {listener.Name}", saw,
                $"look at the process behind it; if there is none any more: SELECT pg_terminate_backend({listener.ProcessId})")
            : Finding.Ok($"listener {listener.Name}", saw);
    }
}
