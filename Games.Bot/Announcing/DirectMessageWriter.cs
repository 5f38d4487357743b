using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Bot.Announcing;

/// <summary>Writes what users are to be told, in the transaction of the message that says so.</summary>
internal sealed class DirectMessageWriter(GamesDbContext db, TimeProvider clock, ILogger<DirectMessageWriter> logger)
{
    /// <summary>The game with its players.</summary>
    /// <exception cref="GameNotFoundException">It is not there.</exception>
    public async Task<Game> FindAsync(Guid gameId, CancellationToken ct) =>
        await db.Games.AsNoTracking().Include(game => game.Players).SingleOrDefaultAsync(game => game.Id == gameId, ct)
        ?? throw logger.GameNotFound(gameId);

    public async Task WriteAsync(Guid gameId, IEnumerable<string> userIds, string text, CancellationToken ct)
    {
        db.DirectMessages.AddRange(
            userIds.Distinct().Select(userId => DirectMessage.To(userId, gameId, text, clock.GetUtcNow(), BotTracing.Current)));
        await db.SaveChangesAsync(ct);
    }
}
