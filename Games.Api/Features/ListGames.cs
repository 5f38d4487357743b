using FastEndpoints;
using FluentValidation;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

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

internal sealed class ListGames(GamesDbContext db, TimeProvider clock) : Endpoint<ListGamesRequest, Page<GameView>>
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
            await Send.ResultAsync(GuildAnswers.NotFound);
            return;
        }

        var games = FilterOf(request).Of(db, HttpContext.Caller().Seen(db.Games), clock.GetUtcNow());
        var page = await games.Take(request.MostRead).WithAnnouncements(db).ToPageAsync(request, x => GameCursor.After(x.Game), ct);
        await Send.OkAsync(new(await db.ViewAsync(page.Items, ct), page.NextCursor), ct);
    }

    private static GameFilter FilterOf(ListGamesRequest request) => new(
        request.GuildId,
        request.HostId,
        request.PlayerId,
        request.Status,
        request.From,
        request.To,
        request.Order ?? GameOrder.Newest,
        request.Cursor is not null && GameCursor.TryRead(request.Cursor, out var last) ? last : null,
        request.MostRead);
}
