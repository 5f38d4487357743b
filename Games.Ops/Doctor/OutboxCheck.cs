using System.Globalization;
using System.Runtime.CompilerServices;
using Games.Data;
using Games.Outbox;
using Games.Outbox.Inspection;

namespace Games.Ops.Doctor;

/// <summary>Nothing waits for long in the outbox, nothing is dead, nothing was returned for want of a queue.</summary>
internal sealed class OutboxCheck(OutboxInspection<GamesDbContext> outbox, OutboxOptions options) : ICheck
{
    public string Subject => "outbox";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var summary = await outbox.SummariseAsync(ct);

        if (summary.Paused is { } pause)
        {
            yield return Finding.Wrong(
                "relaying", $"paused since {pause.Since:u} by {pause.By}", "run: ./games outbox resume");
        }

        var waits = summary.OldestPendingSeconds is { } oldest
            ? string.Create(CultureInfo.InvariantCulture, $"{Messages(summary.Pending)} pending, the oldest for {oldest:F0} s")
            : "nothing is pending";
        yield return summary.OldestPendingSeconds > options.DegradedAge.TotalSeconds
            ? Finding.Wrong(
                Subject, waits,
                "see why: ./games outbox list; without an error they wait for the broker, or no relay runs: start the API or the bot")
            : Finding.Ok(Subject, waits);

        if (summary.Dead.Rows > 0)
        {
            yield return Finding.Wrong(
                "outbox, dead", $"{Messages(summary.Dead)} given up",
                "see why: ./games outbox list --state dead; then: outbox retry --all");
        }

        var returned = await outbox.ListUnroutableAsync(ct);
        yield return returned is []
            ? Finding.Ok("bindings", "no message was returned for want of a queue")
            : Finding.Wrong(
                "bindings", $"no queue gets what is sent to {string.Join(", ", returned.Select(Exchange))}",
                "its consumer (for Games' own events the bot) binds its queue when it connects: start it, or, if it runs, restart it (beside ./run: "
                + "./games broker stop, then start). Nothing is lost: the messages wait and leave then");
    }

    private static string Exchange(Uri address) => address.AbsolutePath.Split('/')[^1];

    private static string Messages(OutboxCount count) => Quantity.Of(count.Rows, "message", count.OrMore);
}
