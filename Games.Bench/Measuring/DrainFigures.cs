namespace Games.Bench.Measuring;

/// <summary>The result of a drain.</summary>
/// <param name="Messages">Rows that were in the outbox when the API was started.</param>
/// <param name="Left">Rows that were still there when the time was over; 0 in a run that counts.</param>
/// <param name="SecondsToFirst">From the start of the API's process until the last moment at which no row had left.</param>
/// <param name="Seconds">From there until the table was seen empty.</param>
/// <param name="QueueGrewBy">Messages that the queue holds more than before; null when no queue was named.</param>
/// <param name="ApiPeakMebibytes">The API's VmHWM.</param>
/// <param name="Pending">Rows left, by seconds since the start of the API's process.</param>
internal sealed record DrainFigures(
    int Messages, long Left, double SecondsToFirst, double Seconds, long? QueueGrewBy, double ApiPeakMebibytes, IReadOnlyList<Pending> Pending)
{
    public double MessagesPerSecond => (Messages - Left) / Seconds;

    public IEnumerable<string> Complaints
    {
        get
        {
            if (Left > 0)
                yield return $"{Left} of {Messages} rows are still in the outbox.";
            else if (QueueGrewBy is { } grown && grown != Messages)
                yield return $"{Messages} rows left the outbox, but the queue holds {grown} messages more than before.";
        }
    }
}

/// <summary>A drain, and that of the limit on the same servers; null where another implementation was given.</summary>
internal sealed record DrainResult(string Name, DrainFigures Figures, DrainFigures? Limit)
{
    public double? Ratio => Figures.MessagesPerSecond / Limit?.MessagesPerSecond;

    public IEnumerable<string> Complaints => Figures.Complaints.Concat(Limit?.Complaints.Select(complaint => $"limit: {complaint}") ?? []);
}

/// <summary>How many rows were in the outbox at a time.</summary>
internal readonly record struct Pending(double Seconds, long Rows);
