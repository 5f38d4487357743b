using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>
/// One queue and one consumer for all events after the first: what is written is the game as it is now, whichever event says that it has
/// changed. Whoever is promoted or demoted is by one of these.
/// </summary>
internal sealed class UpdateAnnouncementConsumer(AnnouncementWriter announcements) :
    IConsumer<GameUpdated>,
    IConsumer<GameCancelled>,
    IConsumer<GameStarted>,
    IConsumer<GameFinished>,
    IConsumer<PlayerJoined>,
    IConsumer<PlayerLeft>
{
    public Task Consume(ConsumeContext<GameUpdated> context) => WriteAsync(context, x => x.GameId);

    public Task Consume(ConsumeContext<GameCancelled> context) => WriteAsync(context, x => x.GameId);

    public Task Consume(ConsumeContext<GameStarted> context) => WriteAsync(context, x => x.GameId);

    public Task Consume(ConsumeContext<GameFinished> context) => WriteAsync(context, x => x.GameId);

    public Task Consume(ConsumeContext<PlayerJoined> context) => WriteAsync(context, x => x.GameId);

    public Task Consume(ConsumeContext<PlayerLeft> context) => WriteAsync(context, x => x.GameId);

    private Task WriteAsync<TEvent>(ConsumeContext<TEvent> context, Func<TEvent, Guid> gameOf)
        where TEvent : class => context.ConsumeTogether(
        events => announcements.WriteAsync(events.Select(x => (gameOf(x.Message), BotTracing.ParentOf(x))), events[0].CancellationToken));
}

internal sealed class UpdateAnnouncementConsumerDefinition()
    : GameConsumerDefinition<UpdateAnnouncementConsumer>(Queues.UpdateAnnouncement, concurrency: 64);
