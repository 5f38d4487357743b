using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Games.AppHost.Servers;
using Games.Tests.Servers;
using Npgsql;

[assembly: AssemblyFixture(typeof(TestServers))]

namespace Games.Tests.Servers;

/// <summary>
/// The one PostgreSQL and the one RabbitMQ of a test run: those named by ConnectionStrings__Games and ConnectionStrings__RabbitMq, else
/// private ones, started together at their first use and gone after the last test.
/// </summary>
public sealed class TestServers : IAsyncDisposable
{
    private const string Template = "games_template";

    private static readonly string Root = Path.Combine(Path.GetTempPath(), "games-tests");

    private readonly string _directory = Path.Combine(Root, $"{Environment.ProcessId}");
    private readonly Lazy<Task<PostgresServer>> _postgres;
    private readonly Lazy<Task<RabbitMqServer>> _rabbitMq;
    private readonly Lazy<Task> _template;

    public TestServers()
    {
        _postgres = new(() => StartedAsync(new PostgresServer(DirectoryOf("postgres"))));
        _rabbitMq = new(() => StartedAsync(new RabbitMqServer(DirectoryOf("rabbitmq"))));
        _template = new(CreateTemplateAsync);
    }

    private static string? GivenPostgres => Environment.GetEnvironmentVariable("ConnectionStrings__Games");

    private static string? GivenRabbitMq => Environment.GetEnvironmentVariable("ConnectionStrings__RabbitMq");

    /// <summary>A new database; <paramref name="migrated"/>: with the tables of Games.Data.</summary>
    public async Task<string> CreateDatabaseAsync(bool migrated = true)
    {
        if (migrated)
            await _template.Value;
        return await CreateDatabaseAsync($"test_{Guid.NewGuid():n}", migrated ? Template : null);
    }

    public static async Task DropDatabaseAsync(string connectionString)
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(connectionString));
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        var name = target.Database;
        target.Database = "postgres";
        target.Pooling = false;
        await ExecuteAsync(target.ConnectionString, $"drop database if exists \"{name}\" with (force)");
    }

    /// <summary>A new virtual host: its exchanges and queues are nobody else's.</summary>
    public async Task<string> CreateVirtualHostAsync()
    {
        var name = $"test-{Guid.NewGuid():n}";
        return GivenRabbitMq is { } given
            ? await CreateGivenVirtualHostAsync(new Uri(given), name)
            : await (await RabbitMqAsync()).CreateVirtualHostAsync(name);
    }

    /// <summary>A directory of the run's own, for a server that a test starts, kills and restarts for itself.</summary>
    public string DirectoryOf(string name)
    {
        SweepWhatKilledRunsLeft();
        return Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _postgres.Value).DisposeAsync();

        // Its data is thrown away: nothing has to be written out first.
        if (_rabbitMq is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            (await _rabbitMq.Value).Kill();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    private static async Task<T> StartedAsync<T>(T server)
        where T : ServerProcess
    {
        await server.StartAsync();
        return server;
    }

    private Task<PostgresServer> PostgresAsync()
    {
        StartBoth();
        return _postgres.Value;
    }

    private Task<RabbitMqServer> RabbitMqAsync()
    {
        StartBoth();
        return _rabbitMq.Value;
    }

    // RabbitMQ takes seconds: whoever needs the database first has it started too, because somebody needs it next.
    private void StartBoth()
    {
        if (GivenPostgres is null)
            _ = _postgres.Value;
        if (GivenRabbitMq is null)
            _ = _rabbitMq.Value;
    }

    private async Task<string> CreateDatabaseAsync(string name, string? from)
    {
        if (GivenPostgres is null)
            return await (await PostgresAsync()).CreateDatabaseAsync(name, from);

        var database = new NpgsqlConnectionStringBuilder(GivenPostgres) { Database = name };
        var maintenance = new NpgsqlConnectionStringBuilder(GivenPostgres) { Database = "postgres", Pooling = false };
        await ExecuteAsync(maintenance.ConnectionString, $"create database \"{name}\"{(from is null ? "" : $" template \"{from}\"")}");
        return database.ConnectionString;
    }

    private async Task CreateTemplateAsync()
    {
        if (GivenPostgres is not null)
            await DropDatabaseAsync(new NpgsqlConnectionStringBuilder(GivenPostgres) { Database = Template }.ConnectionString);
        var connectionString = await CreateDatabaseAsync(Template, from: null);
        await Migrations.ApplyAsync(connectionString);
        await TestKey.AddAsync($"{connectionString};Pooling=false");
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    // A broker that is not ours is reached through its management plugin, on that plugin's usual port.
    private static async Task<string> CreateGivenVirtualHostAsync(Uri broker, string name)
    {
        using var management = new HttpClient { BaseAddress = new Uri($"http://{broker.Host}:15672") };
        var login = broker.UserInfo.Length == 0 ? "guest:guest" : Uri.UnescapeDataString(broker.UserInfo);
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(login)));
        try
        {
            (await management.PutAsync($"/api/vhosts/{name}", content: null)).EnsureSuccessStatusCode();
        }
        catch (HttpRequestException refused)
        {
            throw new ServerMissingException(
                $"ConnectionStrings__RabbitMq names a broker whose management plugin does not answer at {management.BaseAddress}; "
                + "the tests need it to make a virtual host each.",
                refused);
        }

        return new UriBuilder(broker) { Path = name }.Uri.ToString();
    }

    private static void SweepWhatKilledRunsLeft()
    {
        if (!Directory.Exists(Root))
            return;

        foreach (var left in new DirectoryInfo(Root).EnumerateDirectories().Where(left => !IsRunning(left.Name)))
        {
            try
            {
                left.Delete(recursive: true);
            }
            catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
            {
                // Another run sweeps it as well, or it is another user's.
            }
        }
    }

    private static bool IsRunning(string processId)
    {
        try
        {
            using var process = Process.GetProcessById(int.Parse(processId));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
