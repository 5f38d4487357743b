using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

internal sealed class AnnounceGameConsumer(AnnouncementWriter announcements) : IConsumer<GameCreated>
{
    public Task Consume(ConsumeContext<GameCreated> context) => context.ConsumeTogether(
        events => announcements.WriteAsync(events.Select(x => (x.Message.GameId, BotTracing.ParentOf(x))), events[0].CancellationToken));
}

/// <summary>Twice as many as share a transaction: while they do, as many gather for the next.</summary>
internal sealed class AnnounceGameConsumerDefinition() : GameConsumerDefinition<AnnounceGameConsumer>(Queues.AnnounceGame, concurrency: 64);
