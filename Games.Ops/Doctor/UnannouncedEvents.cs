using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>
/// Games of which the journal says that they were created, and that are not announced: those that <see cref="UnannouncedGames"/> cannot find.
/// </summary>
internal sealed class UnannouncedEvents(GamesDbContext db) : JournalOrphans<GameCreated>(db, Exchanges.GameCreated)
{
    private readonly GamesDbContext _db = db;

    public override string Name => $"{Exchanges.GameCreated} of the journal without announcement";

    protected override async Task<List<Orphan>> FindAsync(IReadOnlyList<JournaledEvent> page, DateTimeOffset before, CancellationToken ct)
    {
        var gameIds = page.Select(GameId).OfType<Guid>().ToArray();
        var announced = await _db.Announcements.Where(x => gameIds.Contains(x.GameId)).Select(x => x.GameId).ToHashSetAsync(ct);
        var games = await _db.Games
            .Where(x => gameIds.Contains(x.Id))
            .Select(x => new { x.Id, x.CreatedAt })
            .ToDictionaryAsync(x => x.Id, x => x.CreatedAt, ct);

        return [.. page.Where(IsWithoutEffect).Select(journaled => Judge(journaled, game => games.ContainsKey(game.GameId)
            ? new(journaled.Id, game)
            : new(journaled.Id, null, $"there is no game {game.GameId}"))).OfType<Orphan>()];

        bool IsWithoutEffect(JournaledEvent journaled) =>
            GameId(journaled) is not { } id || (!announced.Contains(id) && !(games.TryGetValue(id, out var createdAt) && createdAt < before));
    }

    private static Guid? GameId(JournaledEvent journaled) =>
        journaled.Payload.TryGetProperty("gameId", out var id) && id.ValueKind is JsonValueKind.String && id.TryGetGuid(out var gameId)
            ? gameId
            : null;
}
