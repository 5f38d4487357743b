using Games.Data;
using Games.Journal;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Tests.Journal;

/// <summary>Publishing from .NET, in a scope as a background service makes one.</summary>
public sealed class EventPublisherTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly EventsTable _events;
    private readonly IHost _host;
    private readonly AsyncServiceScope _scope;
    private readonly GamesDbContext _db;
    private readonly IEventPublisher _publisher;

    public EventPublisherTests(TestDatabase database)
    {
        _database = database;
        _events = new(database.ConnectionString);
        _host = Build(database.ConnectionString);
        _scope = _host.Services.CreateAsyncScope();
        _db = _scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        _publisher = _scope.ServiceProvider.GetRequiredService<IEventPublisher>();
    }

    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        _host.Dispose();
        await _events.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_transaction_it_is_committed_when_the_call_returns()
    {
        var published = await _publisher.PublishAsync("test.event", new { Hello = "it's «müßig»" }, "a test");

        Assert.True(published.IsNew);
        Assert.Equal("""{"hello": "it's «müßig»"}""", await _events.ScalarAsync("select payload::text from events where id = $1", published.Id));
    }

    [Fact]
    public async Task In_a_transaction_it_shares_its_fate()
    {
        PublishedEvent kept, lost;
        await using (var transaction = await _db.Database.BeginTransactionAsync())
        {
            kept = await _publisher.PublishAsync("test.event", new { }, "a test");
            Assert.False(await ExistsAsync(kept.Id));
            await transaction.CommitAsync();
        }

        await using (var transaction = await _db.Database.BeginTransactionAsync())
        {
            lost = await _publisher.PublishAsync("test.event", new { }, "a test");
            await transaction.RollbackAsync();
        }

        Assert.Equal((true, false), (await ExistsAsync(kept.Id), await ExistsAsync(lost.Id)));
    }

    [Fact]
    public async Task The_same_id_again_is_the_same_event()
    {
        var id = Guid.NewGuid();

        Assert.Equal(new(id, true), await _publisher.PublishAsync("test.event", new { }, "a test", id: id));
        Assert.Equal(new(id, false), await _publisher.PublishAsync("test.event", new { }, "a test", id: id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task What_is_refused_does_no_harm_to_the_next_however_often_the_connection_has_published(int before)
    {
        // A pool of its own, and so a connection that Npgsql has not prepared anything on.
        using var fresh = Build($"{_database.ConnectionString};Application Name=refused after {before}");
        await using var service = fresh.Services.CreateAsyncScope();
        var here = service.ServiceProvider.GetRequiredService<IEventPublisher>();
        for (var i = 0; i < before; i++)
            await here.PublishAsync("test.event", new { }, "a test");

        Assert.Equal(
            "payload", (await Assert.ThrowsAsync<EventRefusedException>(() => here.PublishAsync("test.event", new { Nul = "\0" }, "a test"))).Column);

        Assert.True((await here.PublishAsync("test.event", new { }, "a test")).IsNew);
    }

    [Fact]
    public async Task Many_are_inserted_in_their_order_or_none_is()
    {
        var (mine, correlation) = (Guid.NewGuid(), Guid.NewGuid());
        NewEvent Said(int n, Guid? id = null) => new("test.event", new { n }, "a test", CorrelationId: correlation, Id: id);

        var published = await _publisher.PublishAsync([Said(3), Said(1, mine), Said(2), Said(9, mine)]);

        Assert.Equal([true, true, true, false], published.Select(x => x.IsNew));
        Assert.Equal((mine, mine), (published[1].Id, published[3].Id));
        Assert.Equal(
            "3 1 2",
            await _events.ScalarAsync("select string_agg(payload ->> 'n', ' ' order by number) from events where correlation_id = $1", correlation));
        Assert.Equal("payload", (await Assert.ThrowsAsync<EventRefusedException>(
            () => _publisher.PublishAsync([Said(4), new NewEvent("test.event", new { Nul = "\0" }, "a test")]))).Column);
        Assert.Equal(3L, await _events.ScalarAsync("select count(*) from events where correlation_id = $1", correlation));
    }

    [Theory]
    [InlineData("Test", "a test", null, "event_type")]
    [InlineData("test.event", "two\nlines", null, "source")]
    [InlineData("test.event", "a test", "a channel", "channel")]
    public async Task What_breaks_a_rule_is_refused_and_costs_no_transaction(string type, string source, string? channel, string column)
    {
        await using var transaction = await _db.Database.BeginTransactionAsync();

        var refused = await Assert.ThrowsAsync<EventRefusedException>(() => _publisher.PublishAsync(type, new { }, source, channel));

        Assert.Equal(column, refused.Column);
        Assert.True((await _publisher.PublishAsync("test.event", new { }, "a test")).IsNew);
    }

    [Fact]
    public async Task What_only_the_table_can_tell_is_the_same_exception()
    {
        Assert.Equal(
            "payload", (await Assert.ThrowsAsync<EventRefusedException>(() => _publisher.PublishAsync("test.event", "text", "a test"))).Column);
        Assert.Equal(
            "source",
            (await Assert.ThrowsAsync<EventRefusedException>(() => _publisher.PublishAsync("test.event", new { }, "a lone \ud800"))).Column);
        Assert.Equal(
            "payload",
            (await Assert.ThrowsAsync<EventRefusedException>(() => _publisher.PublishAsync("test.event", new { Nul = "\0" }, "a test"))).Column);
        Assert.Equal("payload", (await Assert.ThrowsAsync<EventRefusedException>(
            () => _publisher.PublishAsync("test.event", new { Text = new string('a', JournalEvent.PayloadMaxBytes) }, "a test"))).Column);
    }

    [Fact]
    public async Task A_cancelled_call_publishes_nothing_and_says_so()
    {
        var id = Guid.NewGuid();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _publisher.PublishAsync("test.event", new { }, "a test", id: id, ct: new(canceled: true)));

        Assert.False(await ExistsAsync(id));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_the_database_works_on_it_is_an_exception_and_nothing_is_published()
    {
        var id = Guid.NewGuid();
        await using var other = await _events.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table events in exclusive mode", other))
            await hold.ExecuteNonQueryAsync();
        using var stop = new CancellationTokenSource();

        var publishing = _publisher.PublishAsync("test.event", new { }, "a test", id: id, ct: stop.Token);
        await Until.TrueAsync(
            async () => (bool)(await _events.ScalarAsync(
                """
                select exists (select from pg_locks l join pg_database d on d.oid = l.database
                    where d.datname = current_database() and l.relation = 'events'::regclass and not l.granted)
                """))!,
            "the insert waits");
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        await transaction.RollbackAsync();
        Assert.False(await ExistsAsync(id));
    }

    private static IHost Build(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration["ConnectionStrings:Games"] = connectionString;
        builder.AddGamesDatabase();
        builder.AddEventPublisher();
        return builder.Build();
    }

    private async Task<bool> ExistsAsync(Guid id) => (bool)(await _events.ScalarAsync("select exists (select from events where id = $1)", id))!;
}
