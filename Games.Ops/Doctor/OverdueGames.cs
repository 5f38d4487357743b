using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>
/// Games that should have started, or be over, by now: the message that was to do that is lost. The end of one that never started starts it first.
/// </summary>
internal sealed class OverdueGames(GamesDbContext db) : IOrphans
{
    private static readonly int DefaultMinutes = (int)Game.DefaultDuration.TotalMinutes;

    public string Name => "game that has not started, or not finished, in time";

    public IAsyncEnumerable<Orphan> FindAsync(DateTimeOffset before, CancellationToken ct) => db.Games
        .Where(game => game.Status == GameStatus.Scheduled && game.ScheduledAt < before
            || game.Status == GameStatus.Started && game.ScheduledAt.AddMinutes(game.DurationMinutes ?? DefaultMinutes) < before)
        .OrderBy(game => game.Id)
        .AsNoTracking()
        .AsAsyncEnumerable()
        .Select(game => game.EndsAt < before
            ? new Orphan(game.Id, new FinishGame(game.Id, game.EndsAt)) { Queue = Queues.FinishGame }
            : new Orphan(game.Id, new StartGame(game.Id, game.ScheduledAt)) { Queue = Queues.StartGame });
}
