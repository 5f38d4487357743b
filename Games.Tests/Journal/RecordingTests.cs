using System.Data.Common;
using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Games.Journal;
using Games.Tests.Api;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Journal;

/// <summary>What a service publishes through its outbox stands in the journal, too.
/// The broker is away, so that the outbox's rows stay to be looked at.</summary>
public sealed class RecordingTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private static long _lastMessage = 600_000_000_000_000_001;

    private readonly TestDatabase _database;
    private readonly EventsTable _events;
    private readonly Counted _counted = new();
    private readonly ApiHost _api;

    public RecordingTests(TestDatabase database)
    {
        _database = database;
        _events = new(database.ConnectionString);
        _api = Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _events.DisposeAsync();
    }

    [Fact]
    public async Task What_is_published_is_in_the_journal_as_dispatched_under_the_id_of_its_message()
    {
        var game = AGame();

        await PublishAsync(_api, game);

        var id = await MessageIdOfAsync(game);
        Assert.Equal(
            ("game.created", "events", "Games.Api", true, 0),
            (await ColumnAsync("event_type", id), await ColumnAsync("channel", id), await ColumnAsync("source", id),
                await ColumnAsync("dispatched_at between created_at and clock_timestamp() and next_attempt_at is null and dead_at is null", id),
                await ColumnAsync("attempts", id)));
        // As anybody may publish it.
        using var payload = JsonDocument.Parse((string)(await ColumnAsync("payload::text", id))!);
        Assert.Equal(game, KnownEvents.Read("game.created", typeof(GameCreated), payload.RootElement));
    }

    [Fact]
    public async Task A_field_that_says_nothing_is_said_too_so_that_the_payload_keeps_its_contract()
    {
        var deleted = new DiscordMessageReceived(
            "600000000000000001", "200000000000000001", null, null, null, null, DateTimeOffset.UnixEpoch, DeletedAt: DateTimeOffset.UnixEpoch);

        await PublishAsync(_api, _ => { }, deleted);

        using var payload = JsonDocument.Parse(
            (string)(await _events.ScalarAsync("select payload::text from events where payload ->> 'messageId' = $1", deleted.MessageId))!);
        Assert.Equal(deleted, KnownEvents.Read("discord.message.received", typeof(DiscordMessageReceived), payload.RootElement));
    }

    [Fact]
    public async Task It_takes_no_round_trip_of_its_own()
    {
        // Not events of a game: the lock of their ordering key is a round trip.
        var stored = new MessageStored("600000000000000007", "200000000000000001", null, "created", DateTimeOffset.UnixEpoch);
        await PublishAsync(_api, _ => { }, stored, stored, stored);

        Assert.Equal((1, 0), _counted.Read());
    }

    [Fact]
    public async Task It_shares_the_fate_of_its_transaction()
    {
        var (kept, lost) = (AGame(), AGame());
        await using var scope = _api.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        var bus = scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();

        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            await bus.Publish(lost);
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        }

        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            await bus.Publish(kept);
            await db.SaveChangesAsync();
            Assert.Equal(0L, await CountAsync(kept));
            await transaction.CommitAsync();
        }

        Assert.Equal((1L, 0L), (await CountAsync(kept), await CountAsync(lost)));
    }

    [Fact]
    public async Task It_wakes_nobody_up()
    {
        await using var connection = await _events.OpenAsync();
        await using (var listen = connection.CreateCommand())
        {
            listen.CommandText = "listen events";
            await listen.ExecuteNonQueryAsync();
        }
        var told = 0;
        connection.Notification += (_, _) => told++;

        await PublishAsync(_api, AGame());
        await _events.InsertAsync("test.event");
        while (told == 0)
            await connection.WaitAsync(TestContext.Current.CancellationToken);
        await using (var ask = connection.CreateCommand())
        {
            ask.CommandText = "select 1";
            await ask.ExecuteScalarAsync();
        }

        Assert.Equal(1, told);
    }

    [Fact]
    public async Task What_the_dispatcher_moves_stays_the_row_that_it_is()
    {
        var game = AGame();
        var id = await _events.InsertAsync("game.created", JsonSerializer.Serialize(game, JsonSerializerOptions.Web));
        var other = await _events.InsertAsync("order.paid");
        await using var dispatching = Start(("Journal:Dispatch", "true"));
        using var client = dispatching.CreateClient();

        Assert.Null(await _events.OutcomeAsync(id));
        Assert.Null(await _events.OutcomeAsync(other));

        Assert.Equal(id, await MessageIdOfAsync(game));
        Assert.Equal((1L, "a test"), (await CountAsync(game), await ColumnAsync("source", id)));
        Assert.Equal(
            1L, await _events.ScalarAsync("select count(*) from events where event_type = 'order.paid' or payload ->> 'eventType' = 'order.paid'"));
    }

    [Fact]
    public async Task A_message_id_that_comes_again_is_no_failure_and_one_event()
    {
        var (game, id) = (AGame(), Guid.NewGuid());

        await PublishAsync(_api, context => context.MessageId = id, game);
        await PublishAsync(_api, context => context.MessageId = id, game);

        Assert.Equal(2L, await _events.ScalarAsync("""select count(*) from "OutboxMessage" where "MessageId" = $1""", id));
        Assert.Equal(1L, await _events.ScalarAsync("select count(*) from events where id = $1", id));
    }

    [Theory]
    [InlineData("a NUL", 1)]
    [InlineData("longer than", 300_000)]
    public async Task What_the_table_might_refuse_is_published_all_the_same_and_the_log_says_so(string reason, int length)
    {
        var game = AGame() with { Title = new string(length == 1 ? '\0' : 'a', length) };

        await PublishAsync(_api, game);

        var id = await MessageIdOfAsync(game);
        Assert.Equal(0L, await CountAsync(game));
        Assert.Contains(
            _api.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains($"{id}") && line.Contains(reason));
    }

    [Theory]
    [InlineData("{\"n\":1e400000}", false)]
    [InlineData("{\"n\":-1.5e300,\"text\":\"a1e4000\"}", true)]
    public async Task What_others_have_written_is_no_failure_either(string embed, bool isRecorded)
    {
        var message = new DiscordMessageReceived(
            $"{Interlocked.Increment(ref _lastMessage)}", "200000000000000001", null, "400000000000000001", "Anna", "hello",
            DateTimeOffset.UnixEpoch, Embeds: [JsonElement.Parse(embed)]);

        await PublishAsync(_api, _ => { }, message);

        Assert.Equal(
            isRecorded ? 1L : 0L, await _events.ScalarAsync("select count(*) from events where payload ->> 'messageId' = $1", message.MessageId));
    }

    [Fact]
    public async Task It_can_be_left_out()
    {
        await using var silent = Start(("Journal:Record", "false"));
        var game = AGame();

        await PublishAsync(silent, game);

        Assert.NotEqual(Guid.Empty, await MessageIdOfAsync(game));
        Assert.Equal(0L, await CountAsync(game));
    }

    private static GameCreated AGame() => new(
        Guid.CreateVersion7(), "100000000000000001", "200000000000000001", "300000000000000001", "Anna's «raid» 🎲",
        new(2131, 1, 1, 19, 0, 0, TimeSpan.Zero), 5);

    private static Task PublishAsync(ApiHost host, params GameCreated[] games) => PublishAsync(host, _ => { }, games);

    private static async Task PublishAsync<T>(ApiHost host, Action<PublishContext<T>> address, params T[] messages)
        where T : class
    {
        await using var scope = host.Services.CreateAsyncScope();
        foreach (var message in messages)
            await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(message, address);
        await scope.ServiceProvider.GetRequiredService<GamesDbContext>().SaveChangesAsync();
    }

    private ApiHost Start(params (string, string)[] settings) => new(
        _database.ConnectionString,
        services: services => services.ConfigureDbContext<GamesDbContext>(options => options.AddInterceptors(_counted)),
        settings: [("Journal:Dispatch", "false"), .. settings]);

    private async Task<Guid> MessageIdOfAsync(GameCreated game) =>
        (Guid)(await _events.ScalarAsync("""select "MessageId" from "OutboxMessage" where position($1 in "Body") > 0""", $"{game.GameId}"))!;

    private async Task<long> CountAsync(GameCreated game) =>
        (long)(await _events.ScalarAsync("select count(*) from events where payload ->> 'gameId' = $1", $"{game.GameId}"))!;

    private Task<object?> ColumnAsync(string column, Guid id) => _events.ScalarAsync($"select {column} from events where id = $1", id);

    /// <summary>Of saves alone: the relay has statements of its own.</summary>
    private sealed class Counted : IDbCommandInterceptor, IDbTransactionInterceptor
    {
        private int _commands;
        private int _transactions;

        public (int Commands, int Transactions) Read() => (Volatile.Read(ref _commands), Volatile.Read(ref _transactions));

        public ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken ct = default)
        {
            if (eventData.CommandSource is CommandSource.SaveChanges)
                Interlocked.Increment(ref _commands);
            return ValueTask.FromResult(result);
        }

        public ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken ct = default)
        {
            if (eventData.Context!.ChangeTracker.HasChanges())
                Interlocked.Increment(ref _transactions);
            return ValueTask.FromResult(result);
        }
    }
}
