using Npgsql;
using NpgsqlTypes;

namespace Games.Journal;

/// <summary>
/// How far a tail has come. There is no last number to go by, because a lower one may be committed after a higher one. Instead each look is marked
/// with a transaction id, and the tail goes back to the last mark before which every transaction is over: what is committed from then on was
/// inserted later.
/// </summary>
internal sealed class TailProgress
{
    /// <summary>How far back an event may say to be created that was inserted before the start and is committed after it.</summary>
    private static readonly TimeSpan BeforeStart = TimeSpan.FromMinutes(5);

    // A row has its time and number shortly before its transaction has an id.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, DateTimeOffset> _shown = [];
    private readonly List<Mark> _marks = [];

    public bool HasBegun => _marks.Count > 0;

    /// <summary>What is yet to come has this created_at or a later one, unless it says an older time by itself.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>What is yet to come has a higher number.</summary>
    public long After { get; private set; }

    /// <summary>The numbers above or since that have been shown, or were there before the start.</summary>
    public long[] Shown => [.. _shown.Keys];

    /// <summary>Begins at the end: what is there is not shown.</summary>
    public async Task BeginAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (start, _) = await ReadAsync(connection, ct);
        (Since, After) = (start.Time - BeforeStart, start.Number);

        await using var command = new NpgsqlCommand("SELECT number, created_at FROM events WHERE created_at >= $1", connection)
        {
            Parameters = { new() { Value = Since, NpgsqlDbType = NpgsqlDbType.TimestampTz } },
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            _shown[reader.GetInt64(0)] = reader.GetFieldValue<DateTimeOffset>(1);

        _marks.Add(start);
    }

    /// <summary>Marks the look that follows; the first transaction that is not over.</summary>
    public async Task<long> MarkAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (mark, unfinished) = await ReadAsync(connection, ct);
        _marks.Add(mark);
        return unfinished;
    }

    public void Show(long number, DateTimeOffset createdAt) => _shown[number] = createdAt;

    /// <summary>The look has shown all there was: nothing more can come from transactions before this one.</summary>
    public void Settle(long unfinished)
    {
        if (_marks.FindLastIndex(x => x.Transaction < unfinished) is var over and >= 0
            && _marks.FindLastIndex(over, x => x.Time <= _marks[over].Time - Slack) is var settled and >= 0)
        {
            (Since, After) = (_marks[settled].Time, _marks[settled].Number);
            _marks.RemoveRange(0, settled);
            foreach (var (number, createdAt) in _shown)
            {
                if (number <= After && createdAt < Since)
                    _shown.Remove(number);
            }
        }
    }

    private static async Task<(Mark Mark, long Unfinished)> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // The snapshot is older than the id, so of the transactions before it all are over for the look that follows.
        await using var command = new NpgsqlCommand("""
            SELECT clock_timestamp(), coalesce(pg_sequence_last_value(pg_get_serial_sequence('events', 'number')), 0),
                pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id()::text::bigint
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (new(reader.GetFieldValue<DateTimeOffset>(0), reader.GetInt64(1), reader.GetInt64(3)), reader.GetInt64(2));
    }

    /// <param name="Time">When it was made.</param>
    /// <param name="Number">The last number given out until then.</param>
    /// <param name="Transaction">Transactions with a higher id began to write later.</param>
    private readonly record struct Mark(DateTimeOffset Time, long Number, long Transaction);
}
