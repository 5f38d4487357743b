using System.Text.Json;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>What a claim costs while a million rows wait: as much as with a hundred.</summary>
public sealed class ClaimPlanTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    [Theory]
    [InlineData("with the statistics of an empty table", "")]
    [InlineData("with fresh statistics", """ANALYZE "OutboxMessage";""")]
    public async Task With_a_million_rows_a_claim_reads_the_heads_of_its_indexes(string when, string analyze)
    {
        var plan = await ClaimAsync("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "OrderingKey")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{}', CASE WHEN i % 10 = 0 THEN 'key ' || i % 1000 END
            FROM generate_series(1, 1000000) i;
            """ + analyze);

        Assert.DoesNotContain(Nodes(plan), x =>
            x.GetProperty("Node Type").GetString() == "Seq Scan" && x.GetProperty("Relation Name").GetString() == "OutboxMessage");
        Assert.Contains(Nodes(plan), x => x.TryGetProperty("Index Name", out var index) && index.GetString() == "IX_OutboxMessage_Ready");
        // Pages of 8 KiB: the table has some 30,000. A claim of 100 rows writes them anew and asks a few indexes about each.
        Assert.True(PagesOf(plan) < 5_000, $"{when}, {PagesOf(plan)} pages were read: {plan}");
    }

    [Theory]
    [InlineData("with the statistics of an empty table", "")]
    [InlineData("with fresh statistics", """ANALYZE "OutboxMessage";""")]
    public async Task What_is_scheduled_for_later_costs_a_claim_nothing(string when, string analyze)
    {
        var plan = await ClaimAsync("""
            INSERT INTO "OutboxMessage"
                ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "OrderingKey", "EnqueueTime", "NextAttempt", "SchedulingToken")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{}', 'tx:' || i / 2, due, due, gen_random_uuid()
            FROM (SELECT i, now() + interval '1 day' + i * interval '1 second' AS due FROM generate_series(1, 200000) i) scheduled;
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "OrderingKey")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{}', 'key ' || i FROM generate_series(1, 100) i;
            """ + analyze);

        Assert.True(PagesOf(plan) < 5_000, $"{when}, {PagesOf(plan)} pages were read: {plan}");
    }

    [Fact]
    public async Task A_look_that_was_prepared_on_an_empty_table_reads_the_heads_of_its_indexes_when_much_is_scheduled()
    {
        await using var db = new NotesDbContext(new DbContextOptionsBuilder<NotesDbContext>().UseNpgsql(database.ConnectionString).Options);
        var (connection, sql) = await OpenAsync(db);
        await ExecuteAsync(connection, $"""
            TRUNCATE "OutboxMessage";
            ANALYZE "OutboxMessage";
            SET plan_cache_mode = force_generic_plan;
            PREPARE look (interval) AS {sql.Peek};
            """);
        await LookAsync("");
        await ExecuteAsync(connection, """
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "EnqueueTime", "NextAttempt")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{}', due, due
            FROM (SELECT now() + interval '1 day' + i * interval '1 second' AS due FROM generate_series(1, 200000) i) scheduled;
            """);

        var plan = JsonDocument.Parse(await LookAsync("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)")).RootElement[0].GetProperty("Plan");

        Assert.True(PagesOf(plan) < 50, $"{PagesOf(plan)} pages were read: {plan}");

        async Task<string> LookAsync(string how)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(sql.PlanPeek), new($"{how} EXECUTE look('5 s')") } };
            await using var reader = await batch.ExecuteReaderAsync();
            await reader.NextResultAsync();
            await reader.ReadAsync();
            return $"{reader.GetValue(0)}";
        }
    }

    private async Task<JsonElement> ClaimAsync(string rows)
    {
        await using var db = new NotesDbContext(new DbContextOptionsBuilder<NotesDbContext>().UseNpgsql(database.ConnectionString).Options);
        var (connection, sql) = await OpenAsync(db);
        await ExecuteAsync(connection, """TRUNCATE "OutboxMessage";""" + rows);

        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(sql.LockClaims),
                new($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql.Claim}")
                {
                    Parameters =
                    {
                        new() { Value = Guid.CreateVersion7() }, new() { Value = TimeSpan.FromSeconds(5) }, new() { Value = 100 },
                        new() { Value = 16L * 1024 * 1024 },
                    }
                }
            }
        };
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        await reader.ReadAsync();
        return JsonDocument.Parse(reader.GetString(0)).RootElement[0].GetProperty("Plan");
    }

    private static async Task<(NpgsqlConnection Connection, RelaySql Sql)> OpenAsync(NotesDbContext db)
    {
        await db.Database.EnsureCreatedAsync();
        var sql = new RelaySql(new(db.Model, db.GetService<ISqlGenerationHelper>()));
        await db.Database.OpenConnectionAsync();
        return ((NpgsqlConnection)db.Database.GetDbConnection(), sql);
    }

    private static long PagesOf(JsonElement plan) =>
        plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64();

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement plan) => plan.TryGetProperty("Plans", out var plans)
        ? plans.EnumerateArray().SelectMany(Nodes).Prepend(plan)
        : [plan];
}
