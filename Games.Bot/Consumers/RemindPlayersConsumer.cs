using Games.Contracts;
using Games.Data;
using MassTransit;

namespace Games.Bot.Consumers;

internal sealed partial class RemindPlayersConsumer(GameCommands games, ILogger<RemindPlayersConsumer> logger) : IConsumer<RemindPlayers>
{
    public async Task Consume(ConsumeContext<RemindPlayers> context)
    {
        if (!await games.RemindAsync(context.Message, context.CancellationToken))
            LogDropped(context.Message.GameId, context.Message.Minutes);
    }

    [LoggerMessage(LogLevel.Information, "Dropped the reminder {Minutes} minutes before game {GameId}: it was moved, cancelled or has begun")]
    private partial void LogDropped(Guid gameId, int minutes);
}

internal sealed class RemindPlayersConsumerDefinition() : GameConsumerDefinition<RemindPlayersConsumer>(Queues.RemindPlayers);
