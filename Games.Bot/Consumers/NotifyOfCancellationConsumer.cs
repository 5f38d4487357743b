using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

internal sealed class NotifyOfCancellationConsumer(DirectMessageWriter messages) : IConsumer<GameCancelled>
{
    public async Task Consume(ConsumeContext<GameCancelled> context)
    {
        var (cancelled, ct) = (context.Message, context.CancellationToken);
        var game = await messages.FindAsync(cancelled.GameId, ct);
        await messages.WriteAsync(game.Id, game.Players.Select(player => player.UserId), DirectMessageText.Cancelled(cancelled), ct);
    }
}

internal sealed class NotifyOfCancellationConsumerDefinition() : GameConsumerDefinition<NotifyOfCancellationConsumer>(Queues.NotifyOfCancellation);
