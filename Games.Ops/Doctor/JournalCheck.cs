using System.Globalization;
using System.Runtime.CompilerServices;
using Games.Journal;

namespace Games.Ops.Doctor;

/// <summary>What was published lately and what became of it; no event waits for long in the journal, none is dead.</summary>
internal sealed class JournalCheck(JournalInspection journal, JournalOptions options) : ICheck
{
    private const int NamedTypes = 10;

    public string Subject => "journal";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var types = await journal.LastHourAsync(NamedTypes + 1, ct);
        var named = string.Join("; ", types.Take(NamedTypes).Select(InWords));
        yield return Finding.Ok("journal, last hour", types switch
        {
            [] => "no events",
            { Count: > NamedTypes } => $"{named}; and other types",
            _ => named,
        });

        yield return Waiting(await journal.OldestPendingAsync(ct));

        if (await journal.NewestDeadAsync(ct) is { } dead)
        {
            yield return Finding.Wrong(
                "journal, dead",
                $"{Events(dead.Count)} given up, the newest is {dead.Id}: {dead.Error}",
                $"if the cause is mended, or its payload (docs/events.md): ./games events retry {dead.Id}; "
                + $"else publish what is right under a new id, and: ./games events discard {dead.Id}");
        }
    }

    private static string InWords(EventTypeCount type)
    {
        (string State, long Count)[] notDispatched = [("pending", type.Pending), ("dead", type.Dead)];
        var except = string.Join(", ", notDispatched.Where(x => x.Count > 0).Select(x => $"{Number(x.Count)} {x.State}"));
        return $"{Number(type.Dispatched + type.Pending + type.Dead)} {type.EventType}{(except is "" ? "" : $" ({except})")}";
    }

    private Finding Waiting(OldestPendingEvent? oldest)
    {
        if (oldest is null)
            return Finding.Ok(Subject, "nothing is pending");

        var saw = string.Create(CultureInfo.InvariantCulture, $"{Events(oldest.Count)} pending, the oldest for {oldest.AgeSeconds:F0} s");
        if (oldest.AgeSeconds <= options.MaxPendingAge.TotalSeconds)
            return Finding.Ok(Subject, saw);

        return Finding.Wrong(Subject, saw, oldest.Attempts > 0
            ? $"it failed {Quantity.Of(oldest.Attempts, "time")}; the log of the API and the bot says why, and when it is tried again: "
                + $"./games events show {oldest.Id}"
            : "no dispatcher gets to it: start the API or the bot with Journal:Dispatch, and read what its log says of the journal");
    }

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Events(long count) =>
        Quantity.Of(Math.Min(count, JournalInspection.CountLimit), "event", orMore: count > JournalInspection.CountLimit);
}
