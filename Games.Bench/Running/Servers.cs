using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Running;

/// <summary>The PostgreSQL and RabbitMQ of a run: the named ones, or private ones under a temporary directory.</summary>
internal sealed class Servers : IAsyncDisposable
{
    // Not Directory.CreateTempSubdirectory: PostgreSQL runs as a user who could not enter it.
    private readonly string _directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"games-bench-{Guid.NewGuid():N}")).FullName;
    private readonly List<ServerProcess> _started = [];
    private readonly string _postgres;

    private Servers(string? postgres, string? rabbitMq, IReadOnlyDictionary<string, string>? postgresSettings, Action<string>? postgresLog)
    {
        var settings = postgresSettings ?? new Dictionary<string, string>();
        _postgres = postgres
            ?? Private(new PostgresServer(Path.Combine(_directory, "postgres"), postgresLog) { Settings = settings }).ConnectionString;
        RabbitMq = rabbitMq ?? Private(new RabbitMqServer(Path.Combine(_directory, "rabbitmq"))).ConnectionString;
    }

    public string RabbitMq { get; }

    /// <summary>Processor time that PostgreSQL has used so far; null for a named server.</summary>
    public TimeSpan? PostgresCpu => _started.OfType<PostgresServer>().SingleOrDefault() is { } server ? CpuTime.OfTree(server.ProcessId) : null;

    /// <param name="postgresSettings">For a private PostgreSQL only.</param>
    /// <param name="postgresLog">Gets the lines of its log.</param>
    public static async Task<Servers> OpenAsync(
        string? postgres, string? rabbitMq, bool allowRemote, CancellationToken ct, IReadOnlyDictionary<string, string>? postgresSettings = null,
        Action<string>? postgresLog = null)
    {
        if (postgres is not null)
            Loopback.Require(new NpgsqlConnectionStringBuilder(postgres), allowRemote);
        if (rabbitMq is not null)
            Loopback.Require(new Uri(rabbitMq), allowRemote);

        var servers = new Servers(postgres, rabbitMq, postgresSettings, postgresLog);
        try
        {
            await Task.WhenAll(servers._started.Select(server => server.StartAsync(ct)));
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public string ConnectionStringTo(string database) => new NpgsqlConnectionStringBuilder(_postgres) { Database = database }.ConnectionString;

    public async Task RecreateDatabaseAsync(string name, CancellationToken ct)
    {
        await using var maintenance = NpgsqlDataSource.Create(ConnectionStringTo("postgres") + ";Pooling=false");
        foreach (var statement in new[] { $"drop database if exists \"{name}\" with (force)", $"create database \"{name}\"" })
            await maintenance.ExecuteAsync(statement, ct);
    }

    public Dictionary<string, string?> EnvironmentFor(string database) => new()
    {
        ["ConnectionStrings__Games"] = ConnectionStringTo(database),
        ["ConnectionStrings__RabbitMq"] = RabbitMq,
        ["DOTNET_ENVIRONMENT"] = "Production",
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
    };

    public async ValueTask DisposeAsync()
    {
        // Their data is deleted, so RabbitMQ need not write it out. PostgreSQL has to stop by itself: it releases its shared memory.
        foreach (var server in _started.OfType<RabbitMqServer>())
            server.Kill();
        foreach (var server in _started)
            await server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private T Private<T>(T server)
        where T : ServerProcess
    {
        _started.Add(server);
        return server;
    }
}
