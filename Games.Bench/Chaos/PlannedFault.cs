namespace Games.Bench.Chaos;

internal enum FaultKind
{
    KillApi,
    KillBot,
    FreezeApi,
    FreezeBot,
    RestartRabbitMq,
    KillRabbitMq,
    RestartPostgres,
    CrashPostgres,
    TerminateBackends,

    KillNode,
    KillLeader,
    CutOffNode,
    FailOver,
}

/// <summary>A fault and its moment, counted in accepted games, not in seconds, so that a seed does the same on any machine.</summary>
/// <param name="Replica">From 1: which API, which bot, or which node of RabbitMQ.</param>
/// <param name="From">Accepted games at which the load waits until the earlier faults are over, unless this one overlaps with them.</param>
/// <param name="AtGame">Accepted games at which it is inflicted.</param>
internal sealed record PlannedFault(FaultKind Kind, int Replica, int From, int AtGame, bool Overlaps)
{
    public string Target => Kind switch
    {
        FaultKind.KillApi or FaultKind.FreezeApi => $"api-{Replica}",
        FaultKind.KillBot or FaultKind.FreezeBot => $"bot-{Replica}",
        // One node at a time: the others are the majority.
        FaultKind.RestartRabbitMq or FaultKind.KillRabbitMq or FaultKind.KillNode or FaultKind.KillLeader or FaultKind.CutOffNode => "rabbitmq",
        _ => "postgres",
    };

    public string Name => Kind switch
    {
        FaultKind.KillApi or FaultKind.KillBot => $"kill -9 of {Target}",
        FaultKind.FreezeApi or FaultKind.FreezeBot => $"SIGSTOP of {Target} past its lease",
        FaultKind.RestartRabbitMq => "restart of RabbitMQ",
        FaultKind.KillRabbitMq => "kill -9 of RabbitMQ",
        FaultKind.RestartPostgres => "restart of PostgreSQL, fast",
        FaultKind.CrashPostgres => "restart of PostgreSQL, immediate",
        FaultKind.TerminateBackends => "pg_terminate_backend of all",
        FaultKind.KillNode => $"kill -9 of node {Replica}",
        FaultKind.KillLeader => "kill -9 of a queue's leader",
        FaultKind.CutOffNode => $"node {Replica} cut off from the others",
        _ => "kill -9 of the primary, standby promoted",
    };
}
