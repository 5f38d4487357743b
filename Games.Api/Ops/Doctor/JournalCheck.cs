using System.Globalization;
using System.Runtime.CompilerServices;
using Games.Data;
using Games.Journal;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>What was said lately and what became of it; nothing waits for long in the journal, nothing is dead.</summary>
internal sealed class JournalCheck(GamesDbContext db, JournalOptions options) : ICheck
{
    private const int NamedTypes = 10;
    private const int CountedLimit = 10_000;
    private const int ErrorLength = 300;

    public string Subject => "journal";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        yield return Finding.Ok("journal, last hour", await LastHourAsync(ct));
        yield return await WaitingAsync(ct);
        if (await DeadAsync(ct) is { } dead)
            yield return dead;
    }

    private async Task<string> LastHourAsync(CancellationToken ct)
    {
        var types = await db.Database.SqlQuery<Said>($"""
            SELECT event_type AS "EventType", count(dispatched_at) AS "Dispatched", count(dead_at) AS "Dead",
                count(*) FILTER (WHERE dispatched_at IS NULL AND dead_at IS NULL) AS "Pending"
            FROM events WHERE created_at > clock_timestamp() - interval '1 hour' GROUP BY event_type ORDER BY count(*) DESC, event_type LIMIT {NamedTypes + 1}
            """).ToListAsync(ct);

        return types is [] ? "no events" : string.Join("; ", types.Take(NamedTypes).Select(InWords)) + (types.Count > NamedTypes ? "; and other types" : "");
    }

    private static string InWords(Said said)
    {
        (string State, long Count)[] states = [("dispatched", said.Dispatched), ("pending", said.Pending), ("dead", said.Dead)];
        return $"{said.EventType} {string.Join(", ", states.Where(x => x.Count > 0).Select(x => string.Create(CultureInfo.InvariantCulture, $"{x.Count:N0} {x.State}")))}";
    }

    private async Task<Finding> WaitingAsync(CancellationToken ct)
    {
        var first = await db.Database.SqlQuery<Waiting>($"""
            SELECT id AS "Id", extract(epoch FROM clock_timestamp() - created_at)::float8 AS "Seconds", attempts AS "Attempts",
                (SELECT count(*) FROM (SELECT FROM events WHERE dispatched_at IS NULL AND dead_at IS NULL LIMIT {CountedLimit + 1}) AS counted) AS "Pending"
            FROM events WHERE dispatched_at IS NULL AND dead_at IS NULL ORDER BY number LIMIT 1
            """).ToListAsync(ct);
        if (first is not [var waiting])
            return Finding.Ok(Subject, "nothing is pending");

        var saw = string.Create(CultureInfo.InvariantCulture, $"{Count(waiting.Pending)} pending, the oldest for {waiting.Seconds:F0} s");
        if (waiting.Seconds <= options.MaxPendingAge.TotalSeconds)
            return Finding.Ok(Subject, saw);

        return Finding.Wrong(Subject, saw, waiting.Attempts > 0
            ? $"it failed {waiting.Attempts} time(s); the log of the API and the bot says why, and when it is tried again: dotnet run --project Games.Api -- events show {waiting.Id}"
            : "no dispatcher gets to it: start the API or the bot with Journal:Dispatch, and read what its log says of the journal");
    }

    private async Task<Finding?> DeadAsync(CancellationToken ct)
    {
        var newest = await db.Database.SqlQuery<Dead>($"""
            SELECT id AS "Id", left(last_error, {ErrorLength}) AS "Error",
                (SELECT count(*) FROM (SELECT FROM events WHERE dead_at IS NOT NULL LIMIT {CountedLimit + 1}) AS counted) AS "Count"
            FROM events WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT 1
            """).ToListAsync(ct);

        return newest is [var dead]
            ? Finding.Wrong(
                "journal, dead", $"{Count(dead.Count)} events were given up, the newest is {dead.Id}: {dead.Error}",
                "publish what is right under a new id and delete the dead one; or, if its cause is mended, try it again: UPDATE events SET dead_at = NULL, last_error = NULL WHERE id = '…'")
            : null;
    }

    private static string Count(long count) => string.Create(CultureInfo.InvariantCulture, $"{Math.Min(count, CountedLimit):N0}{(count > CountedLimit ? " or more" : "")}");

    internal sealed record Said(string EventType, long Dispatched, long Pending, long Dead);

    internal sealed record Waiting(Guid Id, double Seconds, int Attempts, long Pending);

    internal sealed record Dead(Guid Id, string Error, long Count);
}
