using Games.AppHost.Servers;
using Games.Tests.Docs;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Journal;

/// <summary>A role that has exactly what docs/events.md grants a writer, and what a writer's transaction cannot be.</summary>
public sealed class WriterGrantsTests(TestDatabase database, TestServers servers) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_writer_may_insert_an_event_and_nothing_more()
    {
        var grants = MarkdownBlock.AllOf("docs/events.md")
            .SelectMany(block => block.Text.Split('\n')).Where(line => line.StartsWith("grant ", StringComparison.Ordinal)).ToArray();
        var role = $"writer_{Guid.NewGuid():n}";
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(connection, $"create role {role}");
        foreach (var grant in grants)
            await ExecuteAsync(connection, grant.Replace("event_writer", role));
        await ExecuteAsync(connection, $"set role {role}");

        Assert.Equal(3, grants.Length);
        var id = (Guid)(await ExecuteAsync(
            connection, "insert into events (event_type, payload, source) values ('test.event', '{}', 'a writer') returning id"))!;
        await ExecuteAsync(
            connection,
            "insert into events (id, event_type, channel, payload, correlation_id, source) "
            + $"values ('{id}', 'test.event', 'orders', '{{}}', gen_random_uuid(), 'a writer') on conflict (id) do nothing");
        foreach (var more in new[]
        {
            "select payload from events", "select event_type from events", "update events set source = 'x'", "delete from events", "truncate events",
            "insert into events (event_type, payload, source, dispatched_at) values ('test.event', '{}', 'x', now())",
            "insert into events (event_type, payload, source, created_at) values ('test.event', '{}', 'x', '2001-01-01')",
            "insert into events (event_type, payload, source, next_attempt_at) values ('test.event', '{}', 'x', now())",
            "select 1 from games", "insert into \"OutboxMessage\" (\"Body\") values ('')",
        })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, more));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }

        await ExecuteAsync(connection, $"reset role; drop owned by {role}; drop role {role}");
    }

    [Fact]
    public async Task A_transaction_that_inserts_an_event_cannot_be_prepared_and_leaves_nothing()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("prepared-postgres"))
        {
            Settings = new Dictionary<string, string> { ["max_prepared_transactions"] = "5" },
        };
        await server.StartAsync(TestContext.Current.CancellationToken);
        var own = await server.CreateDatabaseAsync("games");
        await Migrations.ApplyAsync(own);
        await using var connection = new NpgsqlConnection($"{own};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        await ExecuteAsync(connection, "begin");
        await ExecuteAsync(connection, "insert into events (event_type, payload, source) values ('test.event', '{}', 'psql')");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "prepare transaction 'one'"));

        Assert.Equal(PostgresErrorCodes.FeatureNotSupported, refused.SqlState);
        Assert.Equal(0L, await ExecuteAsync(connection, "select count(*) from events"));
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
