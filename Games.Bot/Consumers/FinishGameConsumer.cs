using Games.Contracts;
using Games.Data;
using MassTransit;

namespace Games.Bot.Consumers;

internal sealed class FinishGameConsumer(GameCommands games) : IConsumer<FinishGame>
{
    public Task Consume(ConsumeContext<FinishGame> context) => games.FinishAsync(context.Message, context.CancellationToken);
}

internal sealed class FinishGameConsumerDefinition() : GameConsumerDefinition<FinishGameConsumer>(Queues.FinishGame);
