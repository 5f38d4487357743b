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

public sealed class InspectionTests : IClassFixture<EmptyDatabase>, IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ServiceProvider _services;

    public InspectionTests(EmptyDatabase database) => _services = new ServiceCollection()
        .AddLogging()
        .AddDbContext<NotesDbContext>(x => x.UseNpgsql(database.ConnectionString))
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
        .AddOutboxInspection<NotesDbContext>()
        .BuildServiceProvider();

    private OutboxInspection<NotesDbContext> Inspection => _services.GetRequiredService<OutboxInspection<NotesDbContext>>();

    private OutboxControl<NotesDbContext> Control => _services.GetRequiredService<OutboxControl<NotesDbContext>>();

    public async ValueTask InitializeAsync()
    {
        await WithDbAsync(db => db.Database.EnsureCreatedAsync());
        await WithDbAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());
        await WithDbAsync(db => db.Set<OutboxState>().ExecuteDeleteAsync());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task An_empty_outbox_has_nothing_to_tell() =>
        Assert.Equal(new OutboxSummary(new(0, false), new(0, false), new(0, false), new(0, false), OldestPendingSeconds: null, Paused: null), await Inspection.SummariseAsync(None));

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
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Created" = now() - interval '1 hour', "NextAttempt" = now() + interval '1 hour' WHERE "SequenceNumber" = {rows[0]}""");
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Created" = now() - interval '10 min', "NextAttempt" = now() + interval '1 min', "Attempts" = 2 WHERE "SequenceNumber" = {rows[1]}""");
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Created" = now() - interval '2 hours', "EnqueueTime" = now() - interval '5 min' WHERE "SequenceNumber" = {rows[2]}""");

        Assert.InRange((await Inspection.SummariseAsync(None)).OldestPendingSeconds!.Value, 600, 660);
    }

    [Fact]
    public async Task Each_state_lists_its_own_rows_and_all_pages_together_hold_each_once()
    {
        var rows = await InsertOneOfEachAsync();

        Assert.Equal([rows.Free, rows.Leased, rows.Forgotten, rows.Overdue, rows.Returned, rows.Refused], await AllAsync(OutboxMessageState.Pending, limit: 2));
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
    public async Task A_dead_message_that_is_retried_starts_anew_and_its_last_error_stays_to_be_read()
    {
        var rows = await InsertDeadAsync(2);

        Assert.True(await Control.RetryAsync(rows[1], None));

        var retried = await SingleAsync(rows[1]);
        Assert.Equal((0, null, null, "hopeless"), (retried.Attempts, retried.NextAttempt, retried.Dead, retried.LastError));
        Assert.Equal([rows[1]], (await Store().ClaimAsync(10, None)).Select(x => x.SequenceNumber));
    }

    [Fact]
    public async Task What_cannot_be_retried_is_left_as_it_is()
    {
        var rows = await InsertOneOfEachAsync();

        Assert.False(await Control.RetryAsync(rows.Scheduled, None));
        Assert.False(await Control.RetryAsync(rows.Free, None));
        Assert.False(await Control.RetryAsync(rows.Leased, None));
        Assert.False(await Control.RetryAsync(long.MaxValue, None));
        Assert.NotNull((await SingleAsync(rows.Scheduled)).NextAttempt);
        Assert.True(await Control.RetryAsync(rows.Refused, None));
        Assert.True(await Control.RetryAsync(rows.Returned, None));
    }

    [Fact]
    public async Task All_dead_are_retried_in_more_than_one_statement_and_nothing_else_is_touched()
    {
        var rows = await InsertOneOfEachAsync();
        await InsertDeadAsync(1_500);

        Assert.Equal(1_502, await Control.RetryDeadAsync(None));

        var summary = await Inspection.SummariseAsync(None);
        Assert.Equal((0, 1), (summary.Dead.Rows, summary.Scheduled.Rows));
        Assert.Equal(3, (await SingleAsync(rows.Refused)).Attempts);
    }

    [Fact]
    public async Task A_message_is_discarded_whatever_it_waits_for_unless_a_living_relay_has_it()
    {
        var rows = await InsertOneOfEachAsync();

        Assert.False(await Control.DiscardAsync(rows.Leased, None));
        Assert.False(await Control.DiscardAsync(long.MaxValue, None));
        foreach (var row in new[] { rows.Free, rows.Forgotten, rows.Refused, rows.Dead, rows.Scheduled })
            Assert.True(await Control.DiscardAsync(row, None));

        Assert.Equal(
            [rows.Leased, rows.Overdue, rows.Returned, rows.AlsoDead],
            await QueryAsync(db => db.Set<OutboxMessage>().OrderBy(x => x.SequenceNumber).Select(x => x.SequenceNumber).ToListAsync()));
    }

    [Fact]
    public async Task While_paused_nothing_can_be_claimed_and_the_first_who_paused_is_named()
    {
        var rows = await InsertAsync(3);

        Assert.True(await Control.PauseAsync("anna", None));
        Assert.False(await Control.PauseAsync("ben", None));

        Assert.Empty(await Store().ClaimAsync(10, None));
        var pause = (await Inspection.SummariseAsync(None)).Paused!;
        Assert.Equal("anna", pause.By);
        Assert.Equal(await QueryAsync(db => db.Set<OutboxState>().Select(x => x.Created).SingleAsync()), pause.Since);

        Assert.True(await Control.ResumeAsync(None));
        Assert.False(await Control.ResumeAsync(None));

        Assert.Equal(rows, (await Store().ClaimAsync(10, None)).Select(x => x.SequenceNumber));
        Assert.Null((await Inspection.SummariseAsync(None)).Paused);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("0123456789abcdef", "0123456789abcdef")]
    [InlineData("0123456789abcdefg", "0123456789abcdef")]
    [InlineData("0123456789abcdeü", "0123456789abcde")]
    public void As_much_of_a_name_is_kept_as_has_room(string by, string kept) => Assert.Equal(kept, PauseRow.Read(PauseRow.Note(by)));

    [Fact]
    public async Task Counting_stops_at_its_limit_and_says_of_which_rows_there_may_be_more()
    {
        await SqlAsync($"""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body")
            SELECT gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '' FROM generate_series(1, {OutboxInspection<NotesDbContext>.CountLimit + 5})
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
            Assert.DoesNotContain("Seq Scan", await PlanAsync(page.Replace("$1", "interval '5 s'").Replace("$2", "21").Replace("($3, $4)", "('-infinity', 0)").Replace("$3", "0")));

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

    private async Task<(long Free, long Leased, long Forgotten, long Overdue, long Refused, long Returned, long Scheduled, long Dead, long AlsoDead)> InsertOneOfEachAsync()
    {
        var rows = await InsertAsync(9);
        string Set(string values, long row) => $"""UPDATE "OutboxMessage" SET {values} WHERE "SequenceNumber" = {row}""";
        await SqlAsync(Set("""  "LockId" = gen_random_uuid(), "LockedUntil" = now() + interval '1 hour' """, rows[1]));
        await SqlAsync(Set("""  "LockId" = gen_random_uuid(), "LockedUntil" = now() - interval '1 hour' """, rows[2]));
        await SqlAsync(Set(""" "NextAttempt" = now() - interval '1 s' """, rows[3]));
        await SqlAsync(Set(""" "NextAttempt" = now() + interval '10 min', "Attempts" = 3, "LastError" = 'refused' """, rows[4]));
        await SqlAsync(Set(""" "NextAttempt" = now() + interval '5 min', "LastError" = 'returned' """, rows[5]));
        await SqlAsync(Set(""" "NextAttempt" = now() + interval '1 day' """, rows[6]));
        await SqlAsync(Set(""" "NextAttempt" = 'infinity', "Attempts" = 10, "LastError" = 'hopeless', "Dead" = now() """, rows[7]));
        await SqlAsync(Set(""" "NextAttempt" = 'infinity', "LastError" = 'returned', "Dead" = now() """, rows[8]));

        return (rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], rows[8]);
    }

    private async Task<long[]> InsertDeadAsync(int count)
    {
        var rows = await InsertAsync(count);
        await SqlAsync($"""
            UPDATE "OutboxMessage" SET "NextAttempt" = 'infinity', "Attempts" = 10, "LastError" = 'hopeless', "Dead" = clock_timestamp()
            WHERE "SequenceNumber" BETWEEN {rows[0]} AND {rows[^1]}
            """);

        return rows;
    }

    private async Task<List<long>> AllAsync(OutboxMessageState state, int limit)
    {
        var numbers = new List<long>();
        InspectionCursor? after = null;

        do
        {
            var page = await Inspection.ListAsync(state, limit, after, None);
            Assert.InRange(page.Items.Count, 1, limit);
            numbers.AddRange(page.Items.Select(x => x.SequenceNumber));
            // As it comes back from a caller.
            after = page.Next is { } next && InspectionCursor.TryParse(next.ToString(), out var parsed) ? parsed : null;
        }
        while (after is not null);

        return numbers;
    }

    private RelayStore<NotesDbContext> Store() => new(
        _services.GetRequiredService<OutboxDatabase<NotesDbContext>>(), new(new OutboxOptions { Lease = TimeSpan.FromMinutes(1) }), TimeProvider.System);

    private async Task<long[]> InsertAsync(int count, Action<OutboxMessage>? change = null)
    {
        OutboxMessage[] rows =
        [
            .. Enumerable.Range(0, count).Select(x => new OutboxMessage
            {
                MessageId = Guid.CreateVersion7(),
                SentTime = TimeProvider.System.GetUtcNow().UtcDateTime,
                ContentType = "application/json",
                MessageType = "urn:message:Test;urn:message:Base",
                DestinationAddress = new("rabbitmq://localhost/test"),
                Body = $$"""{"number":{{x}},"text":"ü 🎲"}"""
            })
        ];
        Array.ForEach(rows, x => change?.Invoke(x));

        await WithDbAsync(db =>
        {
            db.AddRange(rows);

            return db.SaveChangesAsync();
        });

        return [.. rows.Select(x => x.SequenceNumber).Order()];
    }

    private Task<OutboxMessage> SingleAsync(long row) => QueryAsync(db => db.Set<OutboxMessage>().SingleAsync(x => x.SequenceNumber == row));

    private Task SqlAsync(string sql) => WithDbAsync(db => db.Database.ExecuteSqlRawAsync(sql.Replace("{", "{{").Replace("}", "}}")));

    private Task WithDbAsync(Func<NotesDbContext, Task> action) => QueryAsync(async db =>
    {
        await action(db);

        return true;
    });

    private async Task<T> QueryAsync<T>(Func<NotesDbContext, Task<T>> query)
    {
        await using var scope = _services.CreateAsyncScope();

        return await query(scope.ServiceProvider.GetRequiredService<NotesDbContext>());
    }
}
