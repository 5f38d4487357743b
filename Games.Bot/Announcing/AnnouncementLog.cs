using Games.Data;

namespace Games.Bot.Announcing;

/// <summary>An event came without its game. The outbox exists so that this cannot happen; trying again would only hide it.</summary>
public sealed class GameNotFoundException(Guid gameId) : Exception($"Game {gameId} was announced as created, but it is not in the database.");

internal static partial class AnnouncementLog
{
    /// <summary>Logs the missing game, and returns what is to be thrown for it.</summary>
    public static GameNotFoundException GameNotFound(this ILogger logger, Guid gameId)
    {
        LogGameNotFound(logger, gameId);
        return new(gameId);
    }

    /// <summary>Logs which of the games are announced now, and which were before.</summary>
    public static void Announced(this ILogger logger, IEnumerable<GameToAnnounce> games)
    {
        foreach (var (game, _, isAnnounced) in games)
        {
            if (isAnnounced)
                LogAnnouncedAlready(logger, game.Id);
            else
                LogAnnounced(logger, game.Id, game.Title, game.ChannelId);
        }
    }

    [LoggerMessage(LogLevel.Information, "Announced game {GameId} \"{Title}\" in channel {ChannelId}")]
    private static partial void LogAnnounced(ILogger logger, Guid gameId, string title, string channelId);

    [LoggerMessage(LogLevel.Warning, "Game {GameId} is announced already")]
    private static partial void LogAnnouncedAlready(ILogger logger, Guid gameId);

    [LoggerMessage(LogLevel.Critical, "Game {GameId} not found: its event came before its row")]
    private static partial void LogGameNotFound(ILogger logger, Guid gameId);
}
