using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>Games that were created and not announced.</summary>
internal sealed class UnannouncedGames(GamesDbContext db) : IOrphans
{
    public string Name => $"{Exchanges.GameCreated} without announcement";

    public async Task<IReadOnlyList<Orphan>> FindAsync(DateTimeOffset before, string? after, int limit, CancellationToken ct)
    {
        var last = after is null ? Guid.Empty : Guid.Parse(after);
        return await db.Games.AsNoTracking()
            .Where(game => game.Id > last && game.CreatedAt < before && !db.Announcements.Any(announcement => announcement.GameId == game.Id))
            .OrderBy(game => game.Id)
            .Take(limit)
            .Select(game => new Orphan(
                game.Id.ToString(),
                new GameCreated(game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.ScheduledAt, game.MaxPlayers)))
            .ToListAsync(ct);
    }
}
