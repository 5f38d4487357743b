using Games.AppHost.Servers;
using Npgsql;

namespace Games.Tests.Servers;

/// <summary>PgBouncer before a database, in transaction mode: each transaction may get another backend.</summary>
internal sealed class PgBouncerServer(string directory, string database) : ServerProcess("PgBouncer", _ => { })
{
    // It refuses to run as root, as PostgreSQL does.
    private static readonly string? RunAs = Environment.IsPrivilegedProcess ? "postgres" : null;

    private readonly int _port = FreePort.Next();

    /// <summary>What is prepared belongs to a backend, and its version 1.18 does not keep track of that.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(database)
    {
        Host = "127.0.0.1",
        Port = _port,
        MaxAutoPrepare = 0,
    }.ConnectionString;

    protected override Signal CleanStop => Signal.Int;

    protected override async Task<Command> PrepareAsync(CancellationToken ct)
    {
        var binaries = ServerBinaries.PgBouncer();
        var target = new NpgsqlConnectionStringBuilder(database);
        var (settings, users) = (Path.Combine(directory, "pgbouncer.ini"), Path.Combine(directory, "users.txt"));
        await File.WriteAllTextAsync(users, $"""
            "{target.Username}" "{target.Password}"

            """, ct);
        await File.WriteAllTextAsync(settings, $"""
            [databases]
            * = host={target.Host} port={target.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {_port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {users}
            pool_mode = transaction
            default_pool_size = 20

            """, ct);
        return new Command(Path.Combine(binaries, "pgbouncer"), settings) { User = RunAs, WorkingDirectory = "/" };
    }

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
        await connection.OpenAsync(ct);
    }
}

/// <summary>A database without tables, reached through PgBouncer. Use as <c>IClassFixture&lt;PooledDatabase&gt;</c>.</summary>
public sealed class PooledDatabase(TestServers servers) : IAsyncLifetime
{
    private Availability? _direct;
    private Availability? _pooled;
    private PgBouncerServer? _server;

    /// <summary>The database itself.</summary>
    public string Direct => _direct!.ConnectionString;

    /// <summary>Through PgBouncer; skips the reading test when it is not installed.</summary>
    public string ConnectionString => _pooled!.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        _direct = await Availability.OfAsync(servers.CreateDatabaseAsync(migrated: false));
        _pooled = await Availability.OfAsync(StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        await _direct!.IfHadAsync(TestServers.DropDatabaseAsync);
    }

    private async Task<string> StartAsync()
    {
        var direct = "";
        await _direct!.IfHadAsync(x =>
        {
            direct = x;
            return Task.CompletedTask;
        });
        _server = new(servers.DirectoryOf($"pgbouncer-{Guid.NewGuid():n}"), direct);
        await _server.StartAsync();
        return _server.ConnectionString;
    }
}
