using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>Two APIs and two bots as processes on a private PostgreSQL and RabbitMQ, and the faults that they suffer.</summary>
internal sealed class ChaosSystem : IAsyncDisposable
{
    private static readonly TimeSpan RetryTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    private readonly PostgresServer _postgres;
    private readonly RabbitMqServer _rabbitMq;
    private readonly TimeSpan _freeze;

    /// <param name="directory">For the servers' data; the caller deletes it.</param>
    /// <param name="lease">The outbox's lease in all four services.</param>
    public ChaosSystem(string directory, TimeSpan lease, ServiceLogs logs)
    {
        // Longer than a lease that was just renewed, so that another process takes over the leased rows.
        _freeze = lease + TimeSpan.FromSeconds(2);
        _postgres = new PostgresServer(Path.Combine(directory, "postgres"), logs.Of("postgres"));
        _rabbitMq = new RabbitMqServer(Path.Combine(directory, "rabbitmq"), logs.Of("rabbitmq"));
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Games"] = _postgres.ConnectionStringTo("games"),
            ["ConnectionStrings__RabbitMq"] = _rabbitMq.ConnectionString,
            ["Outbox__Lease"] = lease.ToString(),
        };
        Apis = [.. new[] { "api-1", "api-2" }.Select(name => Service(name, "Games.Api"))];
        Bots = [.. new[] { "bot-1", "bot-2" }.Select(name => Service(name, "Games.Bot"))];
        Database = GamesDatabase.Open(_postgres.ConnectionStringTo("games"));

        GamesService Service(string name, string project) => new(name, project, $"http://127.0.0.1:{FreePort.Next()}", settings, logs.Of(name));
    }

    public IReadOnlyList<GamesService> Apis { get; }

    public IReadOnlyList<GamesService> Bots { get; }

    public NpgsqlDataSource Database { get; }

    public string RabbitMq => _rabbitMq.ConnectionString;

    public async Task StartAsync(CancellationToken ct)
    {
        await Task.WhenAll(StartDatabaseAsync(ct), _rabbitMq.StartAsync(ct));
        await Task.WhenAll(Apis.Concat(Bots).Select(service => service.StartAsync(ct)));
    }

    /// <summary>Completes when the fault is over: the service is ready again, the server answers again.</summary>
    public Task InflictAsync(PlannedFault fault, CancellationToken ct) => fault.Kind switch
    {
        FaultKind.KillApi => KillAsync(Apis[fault.Replica - 1], ct),
        FaultKind.KillBot => KillAsync(Bots[fault.Replica - 1], ct),
        FaultKind.FreezeApi => FreezeAsync(Apis[fault.Replica - 1], ct),
        FaultKind.FreezeBot => FreezeAsync(Bots[fault.Replica - 1], ct),
        FaultKind.RestartRabbitMq => _rabbitMq.RestartAsync(ct: ct),
        FaultKind.KillRabbitMq => _rabbitMq.RestartAsync(kill: true, ct),
        FaultKind.RestartPostgres => _postgres.RestartAsync(ct: ct),
        FaultKind.CrashPostgres => _postgres.RestartImmediatelyAsync(ct),
        FaultKind.TerminateBackends => TerminateBackendsAsync(ct),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };

    /// <summary>Stops the four services cleanly, so that no consumer has an unacknowledged message.</summary>
    public Task StopServicesAsync() => Task.WhenAll(Apis.Concat(Bots).Select(service => service.StopAsync()));

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();

        // The data is deleted: only PostgreSQL has to stop by itself, because it releases its shared memory.
        foreach (var service in Apis.Concat(Bots))
            service.Kill();
        _rabbitMq.Kill();
        foreach (var process in Apis.Concat(Bots).Append<ServerProcess>(_rabbitMq).Append(_postgres))
            await process.DisposeAsync();
    }

    private async Task StartDatabaseAsync(CancellationToken ct)
    {
        await _postgres.StartAsync(ct);
        await _postgres.CreateDatabaseAsync("games", ct: ct);

        // A row cannot hold the time of its own commit; PostgreSQL can.
        await ExecuteAsync("alter system set track_commit_timestamp = on", ct);
        await _postgres.RestartAsync(ct: ct);
        await Apis[0].RunOnceAsync(ct, "--migrate");
        await AuditTrail.InstallAsync(Database, ct);
    }

    // A service that starts while its database is away ends; its supervisor starts it again.
    private static Task KillAsync(GamesService service, CancellationToken ct)
    {
        service.Kill();
        return RetryAsync<ServerUnavailableException>(() => service.StartAsync(ct), ct);
    }

    private async Task FreezeAsync(GamesService service, CancellationToken ct)
    {
        service.Freeze();
        try
        {
            await Task.Delay(_freeze, ct);
        }
        finally
        {
            service.Thaw();
        }
    }

    private Task TerminateBackendsAsync(CancellationToken ct)
    {
        const string All = "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()";
        return RetryAsync<NpgsqlException>(() => ExecuteAsync(All, ct), ct);
    }

    private static async Task RetryAsync<TException>(Func<Task> action, CancellationToken ct)
        where TException : Exception
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (TException) when (Stopwatch.GetElapsedTime(started) < RetryTimeout)
            {
                await Task.Delay(RetryInterval, ct);
            }
        }
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(_postgres.ConnectionString + ";Pooling=false;Timeout=5");
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
