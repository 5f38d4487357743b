using System.Diagnostics.CodeAnalysis;
using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>Two APIs and two bots on one PostgreSQL and one RabbitMQ; clients know both APIs.</summary>
internal sealed class PairSystem : ChaosSystem
{
    private readonly PostgresServer _postgres;
    private readonly RabbitMqServer _rabbitMq;

    /// <param name="directory">For the servers' data; the caller deletes it.</param>
    /// <param name="lease">The outbox's lease in all services.</param>
    [SetsRequiredMembers]
    public PairSystem(string directory, TimeSpan lease, ServiceLogs logs)
        : base(lease)
    {
        _postgres = new PostgresServer(Path.Combine(directory, "postgres"), logs.Of("postgres"))
        {
            // A row cannot hold the time of its own commit; PostgreSQL can.
            Settings = new Dictionary<string, string> { ["track_commit_timestamp"] = "on" },
        };
        _rabbitMq = new RabbitMqServer(Path.Combine(directory, "rabbitmq"), logs.Of("rabbitmq"));
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Games"] = _postgres.ConnectionStringTo("games"),
            ["ConnectionStrings__RabbitMq"] = _rabbitMq.ConnectionString,
            ["Outbox__Lease"] = lease.ToString(),
        };
        Apis = NewServices("api", "Games.Api", 2, _ => settings, logs);
        Bots = NewServices("bot", "Games.Bot", 2, _ => settings, logs);
        Database = GamesDatabase.Open(_postgres.ConnectionStringTo("games"));
        RabbitMq = _rabbitMq.ConnectionString;
    }

    public override IReadOnlyList<Uri> Entrances => [.. Apis.Select(api => api.Address)];

    public override Task InflictAsync(PlannedFault fault, CancellationToken ct) => fault.Kind switch
    {
        FaultKind.RestartRabbitMq => _rabbitMq.RestartAsync(ct: ct),
        FaultKind.KillRabbitMq => _rabbitMq.RestartAsync(kill: true, ct),
        FaultKind.RestartPostgres => _postgres.RestartAsync(ct: ct),
        FaultKind.CrashPostgres => _postgres.RestartImmediatelyAsync(ct),
        FaultKind.TerminateBackends => TerminateBackendsAsync(ct),
        _ => base.InflictAsync(fault, ct),
    };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();

        // The data is deleted: only PostgreSQL has to stop by itself, because it releases its shared memory.
        _rabbitMq.Kill();
        await _rabbitMq.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    protected override async Task StartServersAsync(CancellationToken ct)
    {
        await Task.WhenAll(_postgres.StartAsync(ct), _rabbitMq.StartAsync(ct));
        await _postgres.CreateDatabaseAsync("games", ct: ct);
    }

    private Task TerminateBackendsAsync(CancellationToken ct)
    {
        const string All = "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
        return RetryAsync<NpgsqlException>(() => ExecuteAsync(_postgres, All, ct), ct);
    }
}
