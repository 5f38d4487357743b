using Games.Contracts;
using Games.Data;
using MassTransit;

namespace Games.Bot.Consumers;

internal sealed partial class StartGameConsumer(GameCommands games, ILogger<StartGameConsumer> logger) : IConsumer<StartGame>
{
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    public async Task Consume(ConsumeContext<StartGame> context)
    {
        var (game, _) = await games.StartAsync(context.Message, context.CancellationToken);
        if (game is { Status: GameStatus.Started } && game.UpdatedAt - game.ScheduledAt > Late)
            LogLate(game.Id, game.Title, game.UpdatedAt - game.ScheduledAt);
    }

    [LoggerMessage(LogLevel.Warning, "Game {GameId} \"{Title}\" is told to have started {Delay} late: no bot was there")]
    private partial void LogLate(Guid gameId, string title, TimeSpan delay);
}

internal sealed class StartGameConsumerDefinition() : GameConsumerDefinition<StartGameConsumer>(Queues.StartGame);
