using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Running;

/// <summary>PostgreSQL and RabbitMQ for implementations that we start: those that are named, or private ones under a temporary directory.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private readonly NpgsqlConnectionStringBuilder postgres;
    private readonly List<ServerProcess> started = [];

    private Servers(string directory, string postgres, string rabbitMq)
    {
        Directory = directory;
        this.postgres = new NpgsqlConnectionStringBuilder(postgres);
        RabbitMq = rabbitMq;
    }

    /// <summary>A place for what is needed while we run; deleted at the end.</summary>
    public string Directory { get; }

    public string RabbitMq { get; }

    /// <summary>Processor time that PostgreSQL has used so far; null when it is not ours.</summary>
    public TimeSpan? PostgresCpu => started.OfType<PostgresServer>().SingleOrDefault() is { } server ? CpuTime.OfTree(server.ProcessId) : null;

    /// <param name="settings">Of a PostgreSQL that is started here; one that is named is taken as it is.</param>
    public static async Task<Servers> OpenAsync(
        string? postgres, string? rabbitMq, bool allowRemote, CancellationToken ct, IReadOnlyDictionary<string, string>? settings = null)
    {
        if (postgres is not null)
            Loopback.Demand(new NpgsqlConnectionStringBuilder(postgres), allowRemote);
        if (rabbitMq is not null)
            Loopback.Demand(new Uri(rabbitMq), allowRemote);

        // Not a "temporary subdirectory" of .NET's: PostgreSQL runs as a user who could not enter it.
        var directory = System.IO.Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"games-bench-{Guid.NewGuid():N}")).FullName;
        var ownPostgres = postgres is null ? new PostgresServer(Path.Combine(directory, "postgres")) { Settings = settings ?? new Dictionary<string, string>() } : null;
        var ownRabbitMq = rabbitMq is null ? new RabbitMqServer(Path.Combine(directory, "rabbitmq")) : null;
        var servers = new Servers(directory, postgres ?? ownPostgres!.ConnectionString, rabbitMq ?? ownRabbitMq!.ConnectionString);
        servers.started.AddRange(new ServerProcess?[] { ownPostgres, ownRabbitMq }.OfType<ServerProcess>());
        try
        {
            await Task.WhenAll(servers.started.Select(server => server.StartAsync(ct)));
            return servers;
        }
        catch (ServerUnavailableException unavailable)
        {
            await servers.DisposeAsync();
            throw new BenchException(unavailable.Message);
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public string ConnectionStringTo(string database) => new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = database }.ConnectionString;

    public async Task RecreateDatabaseAsync(string name, CancellationToken ct)
    {
        await using var maintenance = NpgsqlDataSource.Create(ConnectionStringTo("postgres") + ";Pooling=false");
        foreach (var statement in new[] { $"drop database if exists \"{name}\" with (force)", $"create database \"{name}\"" })
        {
            await using var command = maintenance.CreateCommand(statement);
            await command.ExecuteNonQueryAsync(ct);
        }
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
        // Their data is thrown away: nothing has to be written out first. PostgreSQL's shared memory does have to be given back.
        foreach (var server in started.OfType<RabbitMqServer>())
            server.Kill();
        foreach (var server in started)
            await server.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
