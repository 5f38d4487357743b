using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;

namespace Games.Api;

/// <summary>What the endpoints of one game have alike: how they find it, and how they answer.</summary>
internal static class GameAnswers
{
    /// <summary>The id in the route, if the caller may see that game. A value that is no uuid names none, which is a 404 and not a 400.</summary>
    public static async Task<Guid?> FindGameAsync(this HttpContext context, GamesDbContext db, string id, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var game))
            return null;

        // Whoever may see all need not be looked for: what is not there is found out later.
        return context.Caller().SeesAll || await context.Caller().Seen(db.Games).AnyAsync(x => x.Id == game, ct) ? game : null;
    }

    public static IResult NotFound { get; } = Refuse(StatusCodes.Status404NotFound, "There is no game with this id.");

    public static IResult Of(GameRefusal refusal) => refusal switch
    {
        GameRefusal.NotFound => NotFound,
        GameRefusal.Stale => Refuse(StatusCodes.Status412PreconditionFailed, "The game has changed meanwhile. Read it again."),
        GameRefusal.NotOpen => Refuse(StatusCodes.Status409Conflict, "The game is not open: it has started, is finished or cancelled."),
        GameRefusal.Finished => Refuse(StatusCodes.Status409Conflict, "The game is finished."),
        GameRefusal.Full => Refuse(StatusCodes.Status409Conflict, $"The game has {Game.MaxPeople} people already."),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, null),
    };

    /// <summary>200 with the game as it is now and its ETag.</summary>
    public static async Task<IResult> OkAsync(this HttpContext context, GamesDbContext db, Game game, CancellationToken ct)
    {
        var view = await db.ViewAsync(game, ct);
        context.Response.Headers.ETag = view.ETag;
        return Results.Ok(view);
    }

    /// <summary>The endpoint answers with these problems beside those that all have.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (var status in statuses)
            route.ProducesProblem(status);
        return route;
    }

    /// <summary>The endpoint has a body that may be left out, and its content type with it.</summary>
    public static RouteHandlerBuilder BodyIsOptional(this RouteHandlerBuilder route) => route.WithMetadata(new OptionalBody());

    private static IResult Refuse(int status, string detail) => Results.Problem(statusCode: status, detail: detail);

    internal sealed record OptionalBody;
}

/// <summary>The route value that all endpoints of one game have.</summary>
internal abstract record GameRequest
{
    // Not a uuid: see FindGameAsync.
    [RouteParam]
    public string Id { get; init; } = "";
}
