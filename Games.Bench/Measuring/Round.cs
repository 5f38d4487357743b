namespace Games.Bench.Measuring;

/// <summary>One side in one round of a comparison. Memory is VmRSS after the load; processor time is that of the load.</summary>
internal sealed record Round(
    JobFigures Load,
    JobFigures Latency,
    double ApiMebibytes,
    double BotMebibytes,
    TimeSpan ApiStartToReady,
    TimeSpan BotStartToReady,
    TimeSpan ApiCpu,
    TimeSpan BotCpu,
    TimeSpan? PostgresCpu)
{
    public IEnumerable<string> Complaints => Load.Complaints.Concat(Latency.Complaints)
        .Concat(Load.Accepted == 0 || Latency.Accepted == 0 ? ["No POST was accepted."] : []);
}
