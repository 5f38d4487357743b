using Games.AppHost.Servers;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.AppHost;

public sealed class PostgresServerTests(TestServers servers)
{
    [Fact]
    public async Task A_kill_loses_nothing_that_was_committed_and_a_restart_keeps_the_port()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("killed-postgres"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        var connectionString = await server.CreateDatabaseAsync("notes");
        await ExecuteAsync(connectionString, "create table notes (text text); insert into notes values ('kept')");
        var killed = server.ProcessId;

        await server.RestartAsync(kill: true, TestContext.Current.CancellationToken);

        Assert.NotEqual(killed, server.ProcessId);
        Assert.Equal("kept", await ExecuteAsync(connectionString, "select text from notes"));
    }

    [Fact]
    public async Task A_stop_is_clean_and_leaves_no_process()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("stopped-postgres"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        var mine = Processes.DescendantsOf(Environment.ProcessId).Where(process => process.Id == server.ProcessId).ToList();
        var backends = Processes.DescendantsOf(server.ProcessId);
        var connectionString = server.ConnectionString;

        await server.StopAsync();

        Assert.NotEmpty(mine);
        Assert.NotEmpty(backends);
        Assert.All([.. mine, .. backends], process => Assert.True(Processes.IsGone(process)));
        await Assert.ThrowsAsync<NpgsqlException>(() => ExecuteAsync(connectionString, "select 'there'"));
        Assert.Contains("exit code 0", server.ExitReport);
        Assert.Contains("fast shutdown", server.ExitReport);
    }

    [Fact]
    public async Task A_directory_that_its_user_cannot_enter_is_replaced_by_one_that_is_found_again()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root hands PostgreSQL to another user.");
        var closed = servers.DirectoryOf("closed");
        await ChildProcess.RunAsync(new Command("chmod", "700", closed), TestContext.Current.CancellationToken);
        var intended = Path.Combine(closed, "postgres");
        var said = new List<string>();
        string instead;
        await using (var first = new PostgresServer(intended, said.Add))
        {
            await first.StartAsync(TestContext.Current.CancellationToken);
            instead = Assert.Single(said, line => line.Contains(intended)).Split(' ').Single(word => word.Contains("games-postgres-"));
            await ExecuteAsync(first.ConnectionString, "create table notes (text text); insert into notes values ('kept')");
        }

        try
        {
            await using var second = new PostgresServer(intended);
            await second.StartAsync(TestContext.Current.CancellationToken);

            Assert.Equal("kept", await ExecuteAsync(second.ConnectionString, "select text from notes"));
        }
        finally
        {
            Directory.Delete(instead, recursive: true);
        }
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why_in_its_own_last_words()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("broken-postgres"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        await server.StopAsync();
        var settings = Path.Combine(servers.DirectoryOf("broken-postgres"), "data", "postgresql.conf");
        await File.WriteAllTextAsync(settings, "no_such_setting = 1\n", TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<ServerUnavailableException>(() => server.StartAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith("PostgreSQL ended with exit code 1", failure.Message);
        Assert.Contains("no_such_setting", failure.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_installed_says_what_to_install()
    {
        var empty = servers.DirectoryOf("no-binaries");
        await using var postgres = new PostgresServer(servers.DirectoryOf("none"))
        {
            Binaries = major => ServerBinaries.Postgres(root: empty, major: major, path: empty),
        };
        await using var rabbitMq = new RabbitMqServer(servers.DirectoryOf("none"))
        {
            Binaries = () => ServerBinaries.RabbitMq(folder: empty, path: empty),
        };

        var withoutPostgres = await Assert.ThrowsAsync<ServerMissingException>(() => postgres.StartAsync(TestContext.Current.CancellationToken));
        var withoutRabbitMq = await Assert.ThrowsAsync<ServerMissingException>(() => rabbitMq.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("apt-get install postgresql", withoutPostgres.Message);
        Assert.Contains("apt-get install rabbitmq-server", withoutRabbitMq.Message);
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
