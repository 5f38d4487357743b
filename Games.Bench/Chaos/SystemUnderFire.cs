using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>Two APIs and two bots as processes on a PostgreSQL and a RabbitMQ of their own, and everything that can be done to them.</summary>
/// <param name="directory">Where the servers keep their data; whoever gives it deletes it.</param>
/// <param name="lease">The outbox's lease in all four.</param>
internal sealed class SystemUnderFire : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly PostgresServer postgres;
    private readonly RabbitMqServer rabbitMq;
    private readonly TimeSpan frozen;

    public SystemUnderFire(string directory, TimeSpan lease, ServiceLogs logs)
    {
        // Long enough for a lease that was renewed just before, and for somebody to take what it held.
        frozen = lease + TimeSpan.FromSeconds(2);
        postgres = new PostgresServer(Path.Combine(directory, "postgres"), logs.Of("postgres"));
        rabbitMq = new RabbitMqServer(Path.Combine(directory, "rabbitmq"), logs.Of("rabbitmq"));
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Games"] = postgres.ConnectionStringTo("games"),
            ["ConnectionStrings__RabbitMq"] = rabbitMq.ConnectionString,
            ["Outbox__Lease"] = lease.ToString(),
        };
        Apis = [.. new[] { "api-1", "api-2" }.Select(name => Service(name, "Games.Api"))];
        Bots = [.. new[] { "bot-1", "bot-2" }.Select(name => Service(name, "Games.Bot"))];
        Database = GamesDatabase.Open(postgres.ConnectionStringTo("games"));

        GamesService Service(string name, string project) => new(name, project, $"http://127.0.0.1:{FreePort.Next()}", settings, logs.Of(name));
    }

    public IReadOnlyList<GamesService> Apis { get; }

    public IReadOnlyList<GamesService> Bots { get; }

    public NpgsqlDataSource Database { get; }

    public string RabbitMq => rabbitMq.ConnectionString;

    public async Task StartAsync(CancellationToken ct)
    {
        await Task.WhenAll(StartDatabaseAsync(ct), rabbitMq.StartAsync(ct));
        await Task.WhenAll(Apis.Concat(Bots).Select(service => service.StartAsync(ct)));
    }

    /// <summary>Does it, and returns when what was taken away is back: a service when it is ready, a server when it answers.</summary>
    public Task InflictAsync(PlannedFault fault, CancellationToken ct) => fault.Kind switch
    {
        FaultKind.KillApi => KillAsync(Apis[fault.Replica - 1], ct),
        FaultKind.KillBot => KillAsync(Bots[fault.Replica - 1], ct),
        FaultKind.FreezeApi => FreezeAsync(Apis[fault.Replica - 1], ct),
        FaultKind.FreezeBot => FreezeAsync(Bots[fault.Replica - 1], ct),
        FaultKind.RestartRabbitMq => rabbitMq.RestartAsync(ct: ct),
        FaultKind.KillRabbitMq => rabbitMq.RestartAsync(kill: true, ct),
        FaultKind.RestartPostgres => postgres.RestartAsync(ct: ct),
        FaultKind.CrashPostgres => postgres.RestartImmediatelyAsync(ct),
        FaultKind.TerminateBackends => TerminateBackendsAsync(ct),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };

    /// <summary>Ends the four services cleanly, so that nothing moves any more and no consumer holds a message.</summary>
    public Task StopServicesAsync() => Task.WhenAll(Apis.Concat(Bots).Select(service => service.StopAsync()));

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();

        // Nothing of all this is kept: what need not end in order is killed.
        foreach (var service in Apis.Concat(Bots))
            service.Kill();
        rabbitMq.Kill();
        foreach (var process in Apis.Concat(Bots).Append<ServerProcess>(rabbitMq).Append(postgres))
            await process.DisposeAsync();
    }

    private async Task StartDatabaseAsync(CancellationToken ct)
    {
        await postgres.StartAsync(ct);
        await postgres.CreateDatabaseAsync("games", ct: ct);

        // PostgreSQL notes when each transaction was committed, which no row can know of itself.
        await ExecuteAsync("alter system set track_commit_timestamp = on", ct);
        await postgres.RestartAsync(ct: ct);
        await Apis[0].RunOnceAsync("--migrate", ct);
        await AuditTrail.InstallAsync(Database, ct);
    }

    private static async Task KillAsync(GamesService service, CancellationToken ct)
    {
        service.Kill();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                await service.StartAsync(ct);
                return;
            }
            catch (ServerUnavailableException) when (!patience.IsCancellationRequested)
            {
                // Its database was away while it started. Whoever watches over a service starts it again.
                await Task.Delay(Pause, ct);
            }
        }
    }

    private async Task FreezeAsync(GamesService service, CancellationToken ct)
    {
        service.Freeze();
        try
        {
            await Task.Delay(frozen, ct);
        }
        finally
        {
            service.Thaw();
        }
    }

    private async Task TerminateBackendsAsync(CancellationToken ct)
    {
        const string All = "select count(pg_terminate_backend(pid)) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                await ExecuteAsync(All, ct);
                return;
            }
            catch (NpgsqlException) when (!patience.IsCancellationRequested)
            {
                await Task.Delay(Pause, ct);
            }
        }
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString + ";Pooling=false;Timeout=5");
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
