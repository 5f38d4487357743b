using System.Text;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inspection;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

public sealed class InspectionTests(EmptyDatabase database) : OutboxRows(database)
{
    [Fact]
    public async Task An_empty_outbox_has_nothing_to_tell() =>
        Assert.Equal(new OutboxSummary(new(0, false), new(0, false), new(0, false), new(0, false), OldestPendingSeconds: null, Paused: null),
            await Inspection.SummariseAsync(None));

    [Fact]
    public async Task Every_row_is_counted_by_what_it_waits_for()
    {
        await InsertOneOfEachAsync();

        var summary = await Inspection.SummariseAsync(None);

        Assert.Equal<(OutboxCount, OutboxCount, OutboxCount, OutboxCount)>(
            (new(6, false), new(1, false), new(1, false), new(2, false)), (summary.Pending, summary.Leased, summary.Scheduled, summary.Dead));
    }

    [Fact]
    public async Task The_oldest_pending_row_tells_how_late_the_relay_is_and_a_scheduled_one_is_not_late()
    {
        var rows = await InsertAsync(3);
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Created" = now() - interval '1 hour', "NextAttempt" = now() + interval '1 hour' """
            + $"""WHERE "SequenceNumber" = {rows[0]}""");
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Created" = now() - interval '10 min', "NextAttempt" = now() + interval '1 min', """
            + $""" "Attempts" = 2 """
            + $"""WHERE "SequenceNumber" = {rows[1]}""");
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Created" = now() - interval '2 hours', "EnqueueTime" = now() - interval '5 min' """
            + $"""WHERE "SequenceNumber" = {rows[2]}""");

        Assert.InRange((await Inspection.SummariseAsync(None)).OldestPendingSeconds!.Value, 600, 660);
    }

    [Fact]
    public async Task Each_state_lists_its_own_rows_and_all_pages_together_hold_each_once()
    {
        var rows = await InsertOneOfEachAsync();

        Assert.Equal([rows.Free, rows.Leased, rows.Forgotten, rows.Overdue, rows.Returned, rows.Refused],
            await AllAsync(OutboxMessageState.Pending, limit: 2));
        Assert.Equal([rows.Scheduled], await AllAsync(OutboxMessageState.Scheduled, limit: 2));
        Assert.Equal([rows.Dead, rows.AlsoDead], await AllAsync(OutboxMessageState.Dead, limit: 1));
    }

    [Fact]
    public async Task A_page_is_full_while_there_is_more()
    {
        await InsertAsync(7);
        await InsertAsync(5, x => (x.NextAttempt, x.Attempts) = (DateTime.UnixEpoch.AddYears(100), 1));

        var first = await Inspection.ListAsync(OutboxMessageState.Pending, 10, ct: None);
        var second = await Inspection.ListAsync(OutboxMessageState.Pending, 10, first.Next, None);

        Assert.Equal((10, 2), (first.Items.Count, second.Items.Count));
        Assert.Null(second.Next);
        Assert.Equal(12, first.Items.Concat(second.Items).Select(x => x.MessageId).Distinct().Count());
    }

    [Fact]
    public async Task A_listed_row_says_all_but_its_body()
    {
        var rows = await InsertAsync(1, x => x.OrderingKey = "game 1");
        var store = Store();
        await store.ClaimAsync(1, None);
        await store.FailAsync(rows[0], "refused", 3, TimeSpan.FromMinutes(1), None);

        var listed = Assert.Single((await Inspection.ListAsync(OutboxMessageState.Pending, 10, ct: None)).Items);

        var stored = await SingleAsync(rows[0]);
        Assert.Equal(
            new InspectedMessage(
                rows[0], stored.MessageId, "urn:message:Test", "rabbitmq://localhost/test", stored.Created, stored.SentTime, 3, stored.NextAttempt,
                Dead: null, IsLeased: false, "refused", "game 1"),
            listed);
    }

    [Fact]
    public async Task One_message_shows_its_body_as_JSON_with_its_headers()
    {
        var row = Assert.Single(await InsertAsync(1, x => x.Headers = """{"colour":"blue"}"""));

        var content = (await Inspection.FindAsync(row, None))!;

        Assert.Equal("ü 🎲", content.Json!.Value.GetProperty("text").GetString());
        Assert.Null(content.Bytes);
        Assert.Equal("blue", content.Headers!.Value.GetProperty("colour").GetString());
        Assert.Equal(["urn:message:Test", "urn:message:Base"], content.MessageTypes);
        Assert.Null(await Inspection.FindAsync(row + 1, None));
    }

    [Theory]
    [InlineData("application/vnd.masstransit+bson", "AQID", "\u0001\u0002\u0003")]
    [InlineData("application/vnd.masstransit+bson", "not base64!", "not base64!")]
    [InlineData("application/vnd.masstransit+xml; charset=utf-8", "<a>ü</a>", "<a>ü</a>")]
    [InlineData("application/json", "{ no JSON", "{ no JSON")]
    public async Task A_body_that_is_no_JSON_is_shown_as_its_bytes(string contentType, string body, string text)
    {
        var row = Assert.Single(await InsertAsync(1, x => (x.ContentType, x.Body) = (contentType, body)));

        var content = (await Inspection.FindAsync(row, None))!;

        Assert.Null(content.Json);
        Assert.Equal(text, Encoding.UTF8.GetString(content.Bytes!));
    }

    [Fact]
    public async Task Counting_stops_at_its_limit_and_says_of_which_rows_there_may_be_more()
    {
        await SqlAsync($"""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', ''
                FROM generate_series(1, {OutboxInspection<NotesDbContext>.CountLimit + 5})
            """);
        await InsertDeadAsync(1);

        var summary = await Inspection.SummariseAsync(None);

        Assert.Equal<(OutboxCount, OutboxCount, OutboxCount, OutboxCount)>(
            (new(100_000, true), new(0, true), new(0, false), new(1, false)), (summary.Pending, summary.Leased, summary.Scheduled, summary.Dead));
    }

    [Fact]
    public async Task However_many_rows_wait_every_statement_goes_by_an_index()
    {
        await SqlAsync("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "NextAttempt", "Dead", "Attempts")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{}',
                CASE n % 4 WHEN 1 THEN 'infinity' WHEN 2 THEN now() + interval '1 day' END, CASE n % 4 WHEN 1 THEN now() END, (n % 4 = 1)::int
            FROM generate_series(1, 120000) n
            """);
        await SqlAsync("""ANALYZE "OutboxMessage" """);
        var table = await QueryAsync(db => Task.FromResult(new OutboxTable(db.Model, db.GetService<ISqlGenerationHelper>())));
        var sql = new InspectionSql(table);

        foreach (var page in new[] { sql.ReadyPage, sql.RetryingPage, sql.ScheduledPage, sql.DeadPage })
        {
            Assert.DoesNotContain("Seq Scan", await PlanAsync(
                page.Replace("$1", "interval '5 s'").Replace("$2", "21").Replace("($3, $4)", "('-infinity', 0)").Replace("$3", "0")));
        }

        // One row of the state table is read by a scan, and may be.
        Assert.DoesNotContain("Seq Scan on \"OutboxMessage\"", await PlanAsync(sql.Summary.Replace("$1", "interval '5 s'").Replace("$2", "1000")));
        Assert.DoesNotContain("Seq Scan", await PlanAsync(new ControlSql(table).RetryDead.Replace("$1", "now()").Replace("$2", "1000")));
    }

    private async Task<string> PlanAsync(string sql) => string.Join('\n', await QueryAsync(async db =>
    {
        var lines = new List<string>();
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"EXPLAIN {sql}";
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));

        return lines;
    }));
}
