using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>Whoever has lost the seat since need not be told, and nobody of a game that is not open any more.</summary>
internal sealed class NotifyOfPromotionConsumer(DirectMessageWriter messages) : IConsumer<PlayerPromoted>
{
    public async Task Consume(ConsumeContext<PlayerPromoted> context)
    {
        var (promoted, ct) = (context.Message, context.CancellationToken);
        var game = await messages.FindAsync(promoted.GameId, ct);
        if (!game.IsOpen || game.Playing.All(player => player.UserId != promoted.UserId))
            return;

        await messages.WriteAsync(game.Id, [promoted.UserId], DirectMessageText.Promoted(game), ct);
    }
}

internal sealed class NotifyOfPromotionConsumerDefinition() : GameConsumerDefinition<NotifyOfPromotionConsumer>(Queues.NotifyOfPromotion);
