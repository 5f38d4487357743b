namespace Games.Bench.Chaos;

/// <summary>What can happen to a system.</summary>
/// <param name="Replicas">How many there are of whatever has several.</param>
internal sealed record FaultSet(int Replicas, IReadOnlyList<FaultKind> Kinds)
{
    public static readonly FaultSet OneOfEachServer = new(
        2,
        [
            FaultKind.KillApi, FaultKind.KillBot, FaultKind.FreezeApi, FaultKind.FreezeBot, FaultKind.RestartRabbitMq, FaultKind.KillRabbitMq,
            FaultKind.RestartPostgres, FaultKind.CrashPostgres, FaultKind.TerminateBackends,
        ]);

    public static readonly FaultSet Cluster = new(
        3,
        [
            FaultKind.KillApi, FaultKind.KillBot, FaultKind.FreezeApi, FaultKind.FreezeBot, FaultKind.KillNode, FaultKind.KillLeader,
            FaultKind.CutOffNode, FaultKind.FailOver,
        ]);
}
