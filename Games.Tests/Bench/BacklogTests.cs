using Games.Bench.Measuring;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bench;

public sealed class BacklogTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>, IAsyncLifetime
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(database.ConnectionString);
    private readonly Guid _holder = Guid.NewGuid();
    private OutboxTable _outbox = null!;

    public async ValueTask InitializeAsync()
    {
        await ExecuteAsync("""
            drop table if exists "OutboxMessage";
            drop schema if exists "Orders" cascade;
            create schema "Orders";
            create table "Orders"."OutboxMessage"("SequenceNumber" bigint generated always as identity primary key, "MessageId" uuid not null,
                "Body" text not null, "LockId" uuid, "OrderingKey" text, "EnqueueTime" timestamptz,
                "Twice" int generated always as (2) stored, old_style bigserial);
            create table "OutboxMessage"("Somebody" text);
            """);
        _outbox = new OutboxTable(_source, "\"Orders\".\"OutboxMessage\"");
    }

    [Fact]
    public async Task A_row_is_copied_with_a_message_id_of_its_own_and_nobodys_lease()
    {
        await CaptureAndRelayAsync(orderingKey: null);

        await _outbox.FillAsync(1_000, TestContext.Current.CancellationToken);

        Assert.Equal(1_000, await _outbox.CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1_000L, await ScalarAsync("""select count(distinct "MessageId") from "Orders"."OutboxMessage" """));
        Assert.Equal(1_000L, await ScalarAsync("""
            select count(*) from "Orders"."OutboxMessage" where "Body" = 'hello' and "LockId" is null and "OrderingKey" is null
            """));
    }

    [Fact]
    public async Task Copies_of_an_ordered_message_do_not_wait_for_each_other()
    {
        await CaptureAndRelayAsync(orderingKey: "a game");

        await _outbox.FillAsync(10, TestContext.Current.CancellationToken);

        Assert.Equal(10L, await ScalarAsync("""select count(distinct "OrderingKey") from "Orders"."OutboxMessage" """));
    }

    [Fact]
    public async Task Filling_catches_no_templates_of_its_own_and_nothing_stays_behind()
    {
        await CaptureAndRelayAsync(orderingKey: null);

        await _outbox.FillAsync(10, TestContext.Current.CancellationToken);

        Assert.Equal(1L, await ScalarAsync("select count(*) from games_bench_template"));

        await _outbox.DropTemplateAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0L, await ScalarAsync("""
            select (select count(*) from pg_trigger where not tgisinternal)
                + (select count(*) from pg_class where relname = 'games_bench_template')
                + (select count(*) from pg_proc where proname = 'games_bench_template')
            """));
    }

    [Fact]
    public async Task A_table_that_no_row_came_into_has_no_template()
    {
        await _outbox.CaptureTemplateAsync(TestContext.Current.CancellationToken);

        Assert.False(await _outbox.HasTemplateAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_scheduled_is_neither_waited_for_nor_copied()
    {
        await _outbox.CaptureTemplateAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync("""
            insert into "Orders"."OutboxMessage"("MessageId", "Body", "EnqueueTime") values (gen_random_uuid(), 'a start', now() + interval '1 year')
            """);

        Assert.Equal(0, await _outbox.CountAsync(TestContext.Current.CancellationToken));
        Assert.False(await _outbox.HasTemplateAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_table_that_schedules_nothing_is_counted_whole()
    {
        await ExecuteAsync("""insert into "OutboxMessage" values ('somebody')""");

        Assert.Equal(1, await new OutboxTable(_source, "\"OutboxMessage\"").CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_backlog_that_did_not_go_or_did_not_arrive_is_complained_about()
    {
        Assert.Empty(Figures(left: 0, grown: 100).Complaints);
        Assert.Empty(Figures(left: 0, grown: null).Complaints);
        Assert.Equal(["3 of 100 rows are still in the outbox."], Figures(left: 3, grown: 97).Complaints);
        Assert.Equal(["100 rows left the outbox, but the queue holds 99 messages more than before."], Figures(left: 0, grown: 99).Complaints);
    }

    [Fact]
    public void Messages_a_second_count_the_rows_that_left() => Assert.Equal(48.5, Figures(left: 3, grown: null).MessagesPerSecond);

    public async ValueTask DisposeAsync() => await _source.DisposeAsync();

    private static DrainFigures Figures(long left, long? grown) =>
        new(Messages: 100, left, SecondsToFirst: 1, Seconds: 2, grown, ApiPeakMebibytes: 90, Pending: []);

    private async Task CaptureAndRelayAsync(string? orderingKey)
    {
        await _outbox.CaptureTemplateAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(
            """insert into "Orders"."OutboxMessage"("MessageId", "Body", "LockId", "OrderingKey") values (gen_random_uuid(), 'hello', $1, $2)""",
            _holder,
            orderingKey);
        await ExecuteAsync("""delete from "Orders"."OutboxMessage" """);
        Assert.True(await _outbox.HasTemplateAsync(TestContext.Current.CancellationToken));
    }

    private async Task ExecuteAsync(string sql, params object?[] values)
    {
        await using var command = _source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
