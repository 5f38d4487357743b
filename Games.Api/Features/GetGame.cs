using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace Games.Api.Features;

internal sealed record GetGameRequest : GameRequest;

internal sealed class GetGame(GamesDbContext db) : Endpoint<GetGameRequest, GameView>
{
    public override void Configure()
    {
        Get("/games/{id}");
        Policies(Scope.GamesRead);
        Tags("Games");
        Summary(get => get.Summary = "Shows one game: who plays, who waits, and its announcement once there is one");
        Description(route => route.Produces(StatusCodes.Status304NotModified).Refuses(StatusCodes.Status404NotFound));
    }

    public override async Task HandleAsync(GetGameRequest request, CancellationToken ct) => await Send.ResultAsync(
        Guid.TryParse(request.Id, out var id)
            && await HttpContext.Caller().Seen(db.Games).Where(game => game.Id == id).WithAnnouncements(db).SingleOrDefaultAsync(ct) is { } game
            ? Answer((await db.ViewAsync([game], ct))[0])
            : GameAnswers.NotFound);

    private IResult Answer(GameView game)
    {
        HttpContext.Response.Headers.ETag = game.ETag;
        return HttpContext.Request.GetTypedHeaders().IfNoneMatch.Any(x => x == EntityTagHeaderValue.Any || x.Tag == game.ETag)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Ok(game);
    }
}
