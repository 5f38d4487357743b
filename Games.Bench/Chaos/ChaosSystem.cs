using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>APIs and bots as processes on private servers, and the faults that they suffer.</summary>
internal abstract class ChaosSystem(TimeSpan lease) : IAsyncDisposable
{
    private static readonly TimeSpan RetryTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    // Longer than a lease that was just renewed, so that another process takes over the leased rows.
    private readonly TimeSpan _freeze = lease + TimeSpan.FromSeconds(2);

    public required IReadOnlyList<GamesService> Apis { get; init; }

    public required IReadOnlyList<GamesService> Bots { get; init; }

    public required NpgsqlDataSource Database { get; init; }

    public required string RabbitMq { get; init; }

    /// <summary>Where clients send their requests: to each in turn.</summary>
    public abstract IReadOnlyList<Uri> Entrances { get; }

    /// <summary>Channels of Discord over which the games are spread.</summary>
    public virtual int Channels => 1;

    protected IEnumerable<GamesService> Services => Apis.Concat(Bots);

    public async Task StartAsync(CancellationToken ct)
    {
        await StartServersAsync(ct);
        await Apis[0].RunOnceAsync(ct, "--migrate");
        await AuditTrail.InstallAsync(Database, ct);
        await Task.WhenAll(Services.Select(service => SuperviseAsync(service, ct)));
        await OpenAsync(ct);
    }

    /// <summary>Completes when the fault is over: the service is ready again, the server answers again.</summary>
    public virtual Task InflictAsync(PlannedFault fault, CancellationToken ct) => fault.Kind switch
    {
        FaultKind.KillApi => KillAsync(Apis[fault.Replica - 1], ct),
        FaultKind.KillBot => KillAsync(Bots[fault.Replica - 1], ct),
        FaultKind.FreezeApi => FreezeAsync(Apis[fault.Replica - 1], ct),
        FaultKind.FreezeBot => FreezeAsync(Bots[fault.Replica - 1], ct),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };

    /// <summary>What is under way beside messages.</summary>
    public virtual Task<long> CountPendingAsync(CancellationToken ct) => Task.FromResult(0L);

    /// <summary>What this system has wrong beside its database and its queues.</summary>
    public virtual Task<IReadOnlyList<Finding>> FindingsAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<Finding>>([]);

    /// <summary>Stops the APIs cleanly, so that no request is under way: one that its client has given up may still be.</summary>
    public Task StopApisAsync() => Task.WhenAll(Apis.Select(api => api.StopAsync()));

    /// <summary>Stops the bots cleanly, so that no consumer has an unacknowledged message.</summary>
    public Task StopBotsAsync() => Task.WhenAll(Bots.Select(bot => bot.StopAsync()));

    public virtual async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        foreach (var service in Services)
            service.Kill();
        foreach (var service in Services)
            await service.DisposeAsync();
    }

    /// <summary>Up to a database that is empty.</summary>
    protected abstract Task StartServersAsync(CancellationToken ct);

    /// <summary>What comes after the services.</summary>
    protected virtual Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    protected static IReadOnlyList<GamesService> NewServices(
        string name, string project, int count, Func<int, IReadOnlyDictionary<string, string>> settings, ServiceLogs logs) =>
    [
        .. Enumerable.Range(1, count).Select(number =>
            new GamesService($"{name}-{number}", project, $"http://127.0.0.1:{FreePort.Next()}", settings(number), logs.Of($"{name}-{number}"))),
    ];

    protected static async Task RetryAsync<TException>(Func<Task> action, CancellationToken ct)
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

    protected static async Task ExecuteAsync(PostgresServer postgres, string sql, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString + ";Pooling=false;Timeout=5");
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static Task KillAsync(GamesService service, CancellationToken ct)
    {
        service.Kill();
        return SuperviseAsync(service, ct);
    }

    // A service that starts while its database is away, or has no answer for it in time, ends; its supervisor starts it again.
    private static Task SuperviseAsync(GamesService service, CancellationToken ct) =>
        RetryAsync<ServerUnavailableException>(() => service.StartAsync(ct), ct);

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
}
