using Games.Outbox;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

public sealed class RetentionTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private NotesService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            x =>
            {
                x.AddConsumer<TakenConsumer, TakenConsumerDefinition>();
                x.AddConsumer<OnceConsumer, OnceConsumerDefinition>();
            },
            x => x.OrderBy<NoteTaken>(note => note.Text.Split(':')[0]),
            host: x => x.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Outbox:Retention"] = "01:00:00",
                ["Outbox:CleanUpInterval"] = "00:00:00.200",
                ["Outbox:PollInterval"] = "01:00:00"
            }));
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task A_relayed_message_is_kept_and_in_nobodys_way()
    {
        await TakeAsync("kept: first");
        await TakeAsync("kept: second");

        var rows = await RowsAsync("kept");
        Assert.All(rows, x => Assert.Null(x.LockId));
        Assert.All(rows, x => Assert.Null(x.Dead));
        var store = _service.Services.GetRequiredService<OutboxStore<NotesDbContext>>();
        Assert.Null(await store.PeekAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await store.ClaimAsync(100, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task After_the_retention_it_is_deleted_and_before_it_is_not()
    {
        await TakeAsync("old: one");
        await TakeAsync("young: one");

        await _service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains("old: one"))
            .ExecuteUpdateAsync(x => x.SetProperty(row => row.Relayed, row => row.Relayed!.Value.AddHours(-2))));

        await Until.TrueAsync(async () => (await RowsAsync("old: one")).Length == 0, "the old one is gone");
        Assert.Single(await RowsAsync("young: one"));
    }

    [Fact]
    public async Task A_replay_is_marked_and_has_its_effect_again_only_with_a_new_id()
    {
        await TakeAsync("again: one");
        var row = (await RowsAsync("again: one")).Single();
        var replay = _service.Services.GetRequiredService<IOutboxReplay>();
        await Until.TrueAsync(() => Of<Effect>("again").Length == 1, "its effect is there");

        Assert.True(await replay.ReplayAsync(row.SequenceNumber));
        await Until.TrueAsync(() => Of<Arrival>("again").Length == 2, "the replay has arrived");
        Assert.True(await replay.ReplayAsync(row.SequenceNumber, newMessageId: true));
        await Until.TrueAsync(() => Of<Arrival>("again").Length == 3, "the replay with a new id has arrived");
        await Until.TrueAsync(() => Of<Effect>("again").Length == 2, "its effect is there again");

        var arrivals = Of<Arrival>("again");
        Assert.Equal([null, true, true], arrivals.Select(x => x.IsReplay));
        Assert.Equal([row.MessageId, row.MessageId], arrivals[..2].Select(x => x.MessageId!.Value));
        Assert.Equal([row.MessageId, arrivals[2].MessageId!.Value], Of<Effect>("again").Select(x => x.MessageId!.Value));
        Assert.Equal("blue", arrivals[2].Colour);
    }

    [Fact]
    public async Task A_range_is_replayed_in_its_order_without_the_replays_in_it()
    {
        for (var i = 0; i < 5; i++)
            await TakeAsync($"range: {i}");
        var rows = await RowsAsync("range");
        var replay = _service.Services.GetRequiredService<IOutboxReplay>();

        Assert.Equal(3, await replay.ReplayAsync(new OutboxReplayRange { From = rows[1].SequenceNumber, To = rows[3].SequenceNumber }));
        await Until.TrueAsync(() => Of<Arrival>("range").Length == 8, "the replays have arrived");
        await Until.TrueAsync(async () => (await RowsAsync("range")).Length == 8, "they are kept as well");
        Assert.Equal(["range: 1", "range: 2", "range: 3"], Of<Arrival>("range")[5..].Select(x => x.Text));

        var since = new DateTimeOffset(rows[2].Relayed!.Value);
        Assert.Equal(3, await replay.ReplayAsync(new OutboxReplayRange { From = rows[0].SequenceNumber, RelayedFrom = since }));
        await Until.TrueAsync(() => Of<Arrival>("range").Length == 11, "the replays have arrived");
        Assert.Equal(1, await replay.ReplayAsync(new OutboxReplayRange { From = rows[1].SequenceNumber, RelayedBefore = since }));
    }

    [Fact]
    public async Task What_is_not_kept_is_not_replayed() =>
        Assert.False(await _service.Services.GetRequiredService<IOutboxReplay>().ReplayAsync(long.MaxValue));

    private async Task TakeAsync(string text)
    {
        await _service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), text), x => x.Headers.Set("colour", "blue"));
            await db.SaveChangesAsync();
        });
        await Until.TrueAsync(() => Of<Arrival>(text).Length == 1, "it has arrived");
        await Until.TrueAsync(async () => (await RowsAsync(text)).Length == 1, "it is kept");
    }

    private Task<OutboxMessage[]> RowsAsync(string text) => _service.QueryAsync(db => db.Set<OutboxMessage>().AsNoTracking()
        .Where(x => x.Body.Contains(text) && x.Relayed != null).OrderBy(x => x.SequenceNumber).ToArrayAsync());

    private T[] Of<T>(string prefix)
        where T : INote => [.. _service.Services.GetRequiredService<Seen>().Of<T>().Where(x => x.Text.StartsWith(prefix))];

    private interface INote
    {
        string Text { get; }
    }

    private sealed record Arrival(string Text, Guid? MessageId, bool? IsReplay, string? Colour) : INote;

    private sealed record Effect(string Text, Guid? MessageId) : INote;

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Arrival(context.Message.Text, context.MessageId, context.Headers.Get<bool>(IOutboxReplay.Header), context.Headers.Get<string>("colour")));

            return Task.CompletedTask;
        }
    }

    private sealed class TakenConsumerDefinition : ConsumerDefinition<TakenConsumer>
    {
        // One at a time, so that the order of consumption is the order of arrival.
        public TakenConsumerDefinition() => ConcurrentMessageLimit = 1;
    }

    private sealed class OnceConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Effect(context.Message.Text, context.MessageId));

            return Task.CompletedTask;
        }
    }

    private sealed class OnceConsumerDefinition : ConsumerDefinition<OnceConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<OnceConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }
}
