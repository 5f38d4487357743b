using Games.Bench.Measuring;

namespace Games.Bench.Events;

/// <summary>The load of a run.</summary>
/// <param name="Rate">Direct inserts a second, one event each.</param>
/// <param name="Rows">Events inserted in one statement.</param>
/// <param name="Correlations">Correlations that a fifth of those events shares, which are then dispatched in order; 0 for none.</param>
/// <param name="Messages">Messages of Discord.</param>
/// <param name="IdleSeconds">How long statements are counted without load; 0 not to count.</param>
/// <param name="WarmUp">Events and messages that are not counted.</param>
/// <param name="Timeout">How long the last of anything may take.</param>
internal sealed record EventsLoad(double Rate, int Seconds, int Rows, int Correlations, int Messages, int IdleSeconds, int WarmUp, TimeSpan Timeout);

/// <summary>Events inserted one by one.</summary>
/// <param name="Milliseconds">From the start of the INSERT until the consumer had it.</param>
internal sealed record InsertFigures(int Events, Distribution Milliseconds, int Lost, int Repeats);

/// <summary>Many at once.</summary>
/// <param name="Count">Events of one statement, or messages.</param>
/// <param name="Seconds">From the end of the INSERT until the last was consumed; or from the first publish until the last row was committed.</param>
/// <param name="Lost">Those that were not there when the time was over.</param>
/// <param name="Repeats">Those that came more than once.</param>
internal sealed record BulkFigures(int Count, double Seconds, int Lost, int Repeats)
{
    public double PerSecond => (Count - Lost) / Seconds;
}

/// <summary>The statements that the database got without load; null where PostgreSQL does not count them.</summary>
internal sealed record IdleFigures(double Seconds, IReadOnlyList<RepeatedStatement>? Statements)
{
    /// <summary>Of the statements of the journal.</summary>
    public RepeatedStatement? MostFrequent => Statements?.Where(one => one.IsOfJournal).MaxBy(one => one.Calls);
}

internal sealed record EventsFigures(InsertFigures Inserts, BulkFigures Dispatch, BulkFigures Ingest, IdleFigures? Idle)
{
    public const double MostMilliseconds = 15;
    public const double LeastDispatchedPerSecond = 2_000;
    public const double LeastSecondsBetween = 10;

    /// <summary>The same messages ingested by the limit, on the same servers.</summary>
    public BulkFigures? LimitIngest { get; init; }

    public double? IngestRatio => Ingest.PerSecond / LimitIngest?.PerSecond;

    public bool Passed => !Complaints.Any();

    /// <summary>What would be wrong on any machine: how fast it is, is shown beside what is asked for.</summary>
    public IEnumerable<string> Complaints
    {
        get
        {
            (string, int, int)[] counts =
            [
                ("single events", Inserts.Lost, Inserts.Repeats),
                ("events of one statement", Dispatch.Lost, Dispatch.Repeats),
                ("messages", Ingest.Lost, Ingest.Repeats),
                ("messages of the limit", LimitIngest?.Lost ?? 0, LimitIngest?.Repeats ?? 0),
            ];
            foreach (var (what, lost, repeats) in counts)
            {
                if (lost > 0)
                    yield return $"{lost} {what} did not arrive.";
                if (repeats > 0)
                    yield return $"{repeats} {what} came more than once.";
            }

            if (Idle is { Statements: null })
                yield return "Statements at rest cannot be counted: PostgreSQL has no pg_stat_statements in its shared_preload_libraries.";
        }
    }
}
