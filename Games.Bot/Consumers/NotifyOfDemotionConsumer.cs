using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

internal sealed class NotifyOfDemotionConsumer(DirectMessageWriter messages) : IConsumer<PlayerDemoted>
{
    public async Task Consume(ConsumeContext<PlayerDemoted> context)
    {
        var (demoted, ct) = (context.Message, context.CancellationToken);
        var game = await messages.FindAsync(demoted.GameId, ct);
        await messages.WriteAsync(game.Id, [demoted.UserId], DirectMessageText.Demoted(game, demoted.WaitingPlace), ct);
    }
}

internal sealed class NotifyOfDemotionConsumerDefinition() : GameConsumerDefinition<NotifyOfDemotionConsumer>(Queues.NotifyOfDemotion);
