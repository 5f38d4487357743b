using System.Runtime.CompilerServices;
using Games.Journal;
using Games.Outbox;

namespace Games.Ops.Doctor;

/// <summary>
/// The processes that listen: each has one connection for the outbox and one for the journal, named after itself and what it is for, and each
/// speaks at least once every KeepAliveInterval.
/// </summary>
internal sealed class ListenersCheck(OutboxQueries queries, OutboxOptions outbox, JournalOptions journal) : ICheck
{
    private const int MissedKeepAlives = 4;

    public string Subject => "listeners";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var listeners = await queries.ListenersAsync(ct);
        var isJournalExpected = journal is { Notifications: true, Dispatch: true };

        IEnumerable<Finding> findings =
        [
            .. Of(
                OutboxQueries.ListenerPurpose, listeners, outbox.Notifications, outbox.KeepAliveInterval,
                "a message that another process leaves in the outbox waits for the next poll", "Outbox:Notifications"),
            .. Of(
                JournalInspection.ListenerPurpose, listeners, isJournalExpected, journal.KeepAliveInterval,
                "an event that is inserted waits for the next poll", "Journal:Notifications"),
        ];
        foreach (var finding in findings)
            yield return finding;
    }

    private static IEnumerable<Finding> Of(
        string purpose, List<OutboxQueries.Listener> all, bool isExpected, TimeSpan keepAlive, string loss, string setting)
    {
        var listeners = all.Where(x => x.Name.EndsWith(purpose, StringComparison.Ordinal)).ToList();
        if (listeners is [])
        {
            yield return isExpected
                ? Finding.Wrong(
                    $"listeners, {purpose}", $"no process listens, so {loss}", $"start the API or the bot; where LISTEN cannot work set {setting}=false")
                : Finding.Ok($"listeners, {purpose}", $"switched off by {setting}, the services poll");
        }

        foreach (var listener in listeners)
        {
            var saw = $"{listener.Client} (backend {listener.Pid}) for {listener.ConnectedSeconds:F0} s, "
                + $"heard of {Math.Max(0, listener.SilentSeconds):F0} s ago";
            yield return listener.SilentSeconds > (keepAlive * MissedKeepAlives).TotalSeconds
                ? Finding.Wrong(
                    $"listener {listener.Name}", saw,
                    $"look at the process behind it; if there is none any more: SELECT pg_terminate_backend({listener.Pid})")
                : Finding.Ok($"listener {listener.Name}", saw);
        }
    }
}
