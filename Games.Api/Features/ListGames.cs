using FastEndpoints;
using FluentValidation;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal enum GameOrder
{
    Newest,
    Soonest,
}

internal sealed record ListGamesRequest : PageRequest
{
    [QueryParam]
    public string? GuildId { get; init; }

    [QueryParam]
    public GameStatus[]? Status { get; init; }

    [QueryParam]
    public string? HostId { get; init; }

    [QueryParam]
    public string? PlayerId { get; init; }

    [QueryParam]
    public DateTimeOffset? From { get; init; }

    [QueryParam]
    public DateTimeOffset? To { get; init; }

    [QueryParam]
    public GameOrder? Order { get; init; }
}

internal sealed class ListGamesValidator : Validator<ListGamesRequest>
{
    public ListGamesValidator()
    {
        RuleFor(page => page.GuildId).Snowflake().When(page => page.GuildId is not null);
        RuleFor(page => page.HostId).Snowflake().When(page => page.HostId is not null);
        RuleFor(page => page.PlayerId).Snowflake().When(page => page.PlayerId is not null);
        this.RuleForPages(cursor => GameCursor.TryRead(cursor, out _));
    }
}

internal sealed class ListGames(GamesDbContext db) : Endpoint<ListGamesRequest, Page<GameView>>
{
    public override void Configure()
    {
        Get("/games");
        Policies(Scope.GamesRead);
        Tags("Games");
        Summary(list => list.Summary = "Lists games, newest or soonest first, page by page");
        Description(route => route.Refuses(StatusCodes.Status404NotFound));
    }

    public override async Task HandleAsync(ListGamesRequest request, CancellationToken ct)
    {
        if (request.GuildId is { } guild && !HttpContext.Caller().Sees(guild))
        {
            await Send.ResultAsync(Results.Problem(statusCode: StatusCodes.Status404NotFound, detail: "There is no guild with this id."));
            return;
        }

        var page = await InOrder(Filtered(request), request).AsNoTracking().ToPageAsync(request, GameCursor.After, ct);
        await Send.OkAsync(new(await db.ViewAsync(page.Items, ct), page.NextCursor), ct);
    }

    private IQueryable<Game> Filtered(ListGamesRequest request)
    {
        var games = HttpContext.Caller().Seen(db.Games);
        if (request.GuildId is not null)
            games = games.Where(game => game.GuildId == request.GuildId);
        if (request.HostId is not null)
            games = games.Where(game => game.HostId == request.HostId);
        if (request.PlayerId is not null)
            games = games.Where(game => game.Players.Any(player => player.UserId == request.PlayerId));
        if (request.Status is [var status])
            games = games.Where(game => game.Status == status);
        else if (request.Status is { Length: > 1 } statuses)
            games = games.Where(game => statuses.Contains(game.Status));
        if (request.From?.ToUniversalTime() is { } from)
            games = games.Where(game => game.ScheduledAt >= from);
        if (request.To?.ToUniversalTime() is { } to)
            games = games.Where(game => game.ScheduledAt < to);
        return games;
    }

    private static IQueryable<Game> InOrder(IQueryable<Game> games, ListGamesRequest request)
    {
        GameCursor? last = request.Cursor is not null && GameCursor.TryRead(request.Cursor, out var cursor) ? cursor : null;
        if (request.Order is GameOrder.Soonest)
        {
            // A comparison of rows, because an index by both does not serve "after, or at the same time and".
            if (last is var (at, id))
            {
                games = games.Where(game =>
                    EF.Functions.GreaterThan(ValueTuple.Create(game.ScheduledAt, game.Id), ValueTuple.Create(at, id)));
            }

            return games.OrderBy(game => game.ScheduledAt).ThenBy(game => game.Id);
        }

        if (last is { Id: var before })
            games = games.Where(game => game.Id < before);
        return games.OrderByDescending(game => game.Id);
    }
}
