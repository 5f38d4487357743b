using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>
/// Another time is the one change that players must know of; the others they see in the channel. Of two at once the last is told.
/// </summary>
internal sealed class NotifyOfChangeConsumer(DirectMessageWriter messages) : IConsumer<GameUpdated>
{
    public async Task Consume(ConsumeContext<GameUpdated> context)
    {
        var (updated, ct) = (context.Message, context.CancellationToken);
        if (updated.Old.ScheduledAt == updated.New.ScheduledAt)
            return;

        var game = await messages.FindAsync(updated.GameId, ct);
        if (!game.IsOpen || game.ScheduledAt != updated.New.ScheduledAt)
            return;

        await messages.WriteAsync(game.Id, game.Players.Select(player => player.UserId), DirectMessageText.Moved(game), ct);
    }
}

internal sealed class NotifyOfChangeConsumerDefinition() : GameConsumerDefinition<NotifyOfChangeConsumer>(Queues.NotifyOfChange);
