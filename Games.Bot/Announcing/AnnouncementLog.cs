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

    /// <summary>Logs that a game is announced, or that its announcement has changed.</summary>
    public static void Announced(this ILogger logger, Game game, bool isNew)
    {
        if (isNew)
            LogAnnounced(logger, game.Id, game.Title, game.ChannelId);
        else
            LogUpdated(logger, game.Id, game.Title, game.Version, game.Status);
    }

    /// <summary>Logs that an event came again, or late: the announcement tells of all that it could.</summary>
    public static void AnnouncedAlready(this ILogger logger, Game game) => LogAnnouncedAlready(logger, game.Id, game.Version);

    [LoggerMessage(LogLevel.Information, "Game {GameId} \"{Title}\" is to be announced in channel {ChannelId}")]
    private static partial void LogAnnounced(ILogger logger, Guid gameId, string title, string channelId);

    [LoggerMessage(LogLevel.Information, "The announcement of game {GameId} \"{Title}\" tells of its version {Version}, {Status}")]
    private static partial void LogUpdated(ILogger logger, Guid gameId, string title, int version, GameStatus status);

    [LoggerMessage(LogLevel.Information, "Game {GameId} is announced already at its version {Version}")]
    private static partial void LogAnnouncedAlready(ILogger logger, Guid gameId, int version);

    [LoggerMessage(LogLevel.Critical, "Game {GameId} not found: its event came before its row")]
    private static partial void LogGameNotFound(ILogger logger, Guid gameId);
}
