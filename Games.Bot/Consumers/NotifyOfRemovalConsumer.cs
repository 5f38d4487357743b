using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>Whoever leaves by himself, or has come again, need not be told.</summary>
internal sealed class NotifyOfRemovalConsumer(DirectMessageWriter messages) : IConsumer<PlayerLeft>
{
    public async Task Consume(ConsumeContext<PlayerLeft> context)
    {
        var (left, ct) = (context.Message, context.CancellationToken);
        if (left.By == left.UserId)
            return;

        var game = await messages.FindAsync(left.GameId, ct);
        if (game.Find(left.UserId) is not null)
            return;

        await messages.WriteAsync(game.Id, [left.UserId], DirectMessageText.Removed(game), ct);
    }
}

internal sealed class NotifyOfRemovalConsumerDefinition() : GameConsumerDefinition<NotifyOfRemovalConsumer>(Queues.NotifyOfRemoval);
