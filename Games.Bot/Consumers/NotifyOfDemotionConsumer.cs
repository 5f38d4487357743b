using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>Whoever has a seat again, or has left, need not be told, and nobody of a game that is not open any more.</summary>
internal sealed class NotifyOfDemotionConsumer(DirectMessageWriter messages) : IConsumer<PlayerDemoted>
{
    public async Task Consume(ConsumeContext<PlayerDemoted> context)
    {
        var (demoted, ct) = (context.Message, context.CancellationToken);
        var game = await messages.FindAsync(demoted.GameId, ct);
        if (game.IsOpen && game.Find(demoted.UserId) is { } player && game.PlaceOf(player) is { } place)
            await messages.WriteAsync(game.Id, [demoted.UserId], DirectMessageText.Demoted(game, place), ct);
    }
}

internal sealed class NotifyOfDemotionConsumerDefinition() : GameConsumerDefinition<NotifyOfDemotionConsumer>(Queues.NotifyOfDemotion);
