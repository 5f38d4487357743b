using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api;

internal enum GameOrder
{
    Newest,
    Soonest,
}

/// <summary>
/// Which games a page is of, and in which order. The query takes as long for a million games as for a hundred: an index gives the games in their
/// order, or those of one host, one player or some days are few enough to be sorted.
/// </summary>
/// <param name="Last">Of the page before.</param>
/// <param name="Most">Games that are read.</param>
internal sealed record GameFilter(
    string? GuildId, string? HostId, string? PlayerId, GameStatus[]? Status, DateTimeOffset? From, DateTimeOffset? To, GameOrder Order,
    GameCursor? Last, int Most)
{
    // The games of so many days, and those that are still to come, are sorted; those of more are looked for in their order.
    private static readonly TimeSpan FewDays = TimeSpan.FromDays(14);

    // A game is created before it begins. This is more than clocks differ.
    private static readonly TimeSpan Skew = TimeSpan.FromDays(1);

    private GameStatus[] Statuses => Status is { Length: > 0 } ? [.. Status.Distinct().Order()] : Enum.GetValues<GameStatus>();

    /// <param name="seen">The games that the caller may see.</param>
    public IQueryable<Game> Of(GamesDbContext db, IQueryable<Game> seen, DateTimeOffset now)
    {
        var (games, statuses) = (Filtered(seen), Statuses);
        if (PlayerId is not null)
            return InOrder(OfPlayer(db.Players, games.Where(game => statuses.Contains(game.Status))));
        if (HostId is not null)
            return InOrder(games.Where(game => statuses.Contains(game.Status)));
        if (Order is GameOrder.Newest && From is { } from && (To < now ? To.Value : now) - from <= FewDays)
            return InOrder(Sorted(db.Games, games.Where(game => statuses.Contains(game.Status)), from.ToUniversalTime()));

        // The indexes have the status in front, so that a rare one is found at once. Of several each gives a page, and these are merged.
        return statuses is [var only]
            ? InOrder(OfStatus(games, only))
            : InOrder(statuses.Select(status => InOrder(OfStatus(games, status)).Take(Most)).Aggregate(Queryable.Concat));
    }

    /// <summary>
    /// Each as a constant: the planner must know which of them are rare. Not by <see cref="EF.Constant{T}" />, for which EF Core writes the SQL anew
    /// for every request.
    /// </summary>
    private static IQueryable<Game> OfStatus(IQueryable<Game> games, GameStatus status) => status switch
    {
        GameStatus.Scheduled => games.Where(game => game.Status == GameStatus.Scheduled),
        GameStatus.Started => games.Where(game => game.Status == GameStatus.Started),
        GameStatus.Finished => games.Where(game => game.Status == GameStatus.Finished),
        GameStatus.Cancelled => games.Where(game => game.Status == GameStatus.Cancelled),
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    private IQueryable<Game> Filtered(IQueryable<Game> games)
    {
        if (GuildId is not null)
            games = games.Where(game => game.GuildId == GuildId);
        if (HostId is not null)
            games = games.Where(game => game.HostId == HostId);
        if (From?.ToUniversalTime() is { } from)
            games = games.Where(game => game.ScheduledAt >= from);
        if (To?.ToUniversalTime() is { } to)
            games = games.Where(game => game.ScheduledAt < to);

        if (Order is GameOrder.Soonest)
        {
            // A comparison of rows, because an index by both does not serve "after, or at the same time and".
            return Last is var (at, id)
                ? games.Where(game => EF.Functions.GreaterThan(ValueTuple.Create(game.ScheduledAt, game.Id), ValueTuple.Create(at, id)))
                : games;
        }

        if (FirstIdAfter(To) is { } bound)
            games = games.Where(game => game.Id < bound);
        return Last is { Id: var before } ? games.Where(game => game.Id < before) : games;
    }

    /// <summary>Ids are uuid v7: what begins before a time has a lower id than what is created after it.</summary>
    private static Guid? FirstIdAfter(DateTimeOffset? to) => to switch
    {
        { } time when time < DateTimeOffset.UnixEpoch => Guid.Empty,
        { } time when time < DateTimeOffset.MaxValue - Skew => Guid.CreateVersion7(time + Skew),
        _ => null,
    };

    private IQueryable<Game> OfPlayer(IQueryable<Player> players, IQueryable<Game> games)
    {
        players = players.Where(player => player.UserId == PlayerId);
        // By the player's rows, which their index has in this order.
        if (Order is GameOrder.Newest && Last is { Id: var before })
            players = players.Where(player => player.GameId < before);
        return players.Join(games, player => player.GameId, game => game.Id, (_, game) => game);
    }

    private IQueryable<Game> Sorted(IQueryable<Game> all, IQueryable<Game> games, DateTimeOffset from)
    {
        // None is before it, so this sorts by the id alone. The planner does not know that, and cannot look for these few among all, newest first.
        var ids = games.OrderBy(game => game.ScheduledAt < from).ThenByDescending(game => game.Id).Select(game => game.Id).Take(Most);
        return all.Where(game => ids.Contains(game.Id));
    }

    private IQueryable<Game> InOrder(IQueryable<Game> games) => Order is GameOrder.Soonest
        ? games.OrderBy(game => game.ScheduledAt).ThenBy(game => game.Id)
        : games.OrderByDescending(game => game.Id);
}
