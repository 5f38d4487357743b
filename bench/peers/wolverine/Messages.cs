using Microsoft.EntityFrameworkCore;

// Public, because Wolverine compiles code that calls them.
public record CreateGame(
    string GuildId, string ChannelId, string HostId, string Title, string? Description, DateTimeOffset ScheduledAt, int MaxPlayers);

public record GameCreated(Guid GameId, string GuildId, string ChannelId, string Title, DateTimeOffset ScheduledAt);

public static class GameCreatedHandler
{
    public static async Task Handle(GameCreated created, PeerDb db, CancellationToken ct)
    {
        var title = await db.Games.AsNoTracking().Where(game => game.Id == created.GameId).Select(game => game.Title).SingleAsync(ct);
        db.Announcements.Add(new Announcement { GameId = created.GameId, Text = title, CreatedAt = DateTimeOffset.UtcNow });
    }
}
