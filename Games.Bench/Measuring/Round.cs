namespace Games.Bench.Measuring;

/// <summary>What one implementation did in one round of a comparison. Memory is VmRSS, read after the load; processor time is of the load.</summary>
internal sealed record Round(JobFigures Load, JobFigures Latency, double ApiMebibytes, double BotMebibytes, TimeSpan ApiStartToReady, TimeSpan BotStartToReady,
    TimeSpan ApiCpu, TimeSpan BotCpu, TimeSpan? PostgresCpu)
{
    public IEnumerable<string> Complaints => Load.Complaints.Concat(Latency.Complaints)
        .Concat(Load.Accepted == 0 || Latency.Accepted == 0 ? ["No POST was accepted."] : []);
}
