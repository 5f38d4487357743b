using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record GetGameRequest
{
    // A string: a route value that is no uuid names no game, which is a 404 and not a bad request.
    public string Id { get; init; } = "";
}

internal sealed record GetGameResponse : GameView
{
    [SetsRequiredMembers]
    public GetGameResponse(GameView game, GetGameAnnouncement? announcement)
        : base(game) => Announcement = announcement;

    [JsonPropertyOrder(1)]
    public GetGameAnnouncement? Announcement { get; init; }
}

internal sealed record GetGameAnnouncement(string ChannelId, string Text, DateTimeOffset CreatedAt, string? MessageId);

internal sealed class GetGame(GamesDbContext db) : Endpoint<GetGameRequest, GetGameResponse>
{
    public override void Configure()
    {
        Get("/games/{id}");
        Policies(Scope.GamesRead);
        Tags("Games");
        Summary(get => get.Summary = "Shows one game, and its announcement once there is one");
        Description(route => route.ProducesProblem(StatusCodes.Status404NotFound));
    }

    public override async Task HandleAsync(GetGameRequest request, CancellationToken ct)
    {
        if (!Guid.TryParse(request.Id, out var id) || await FindAsync(id, ct) is not { } game)
        {
            await Send.ResultAsync(Results.Problem(statusCode: StatusCodes.Status404NotFound, detail: "There is no game with this id."));
            return;
        }

        await Send.OkAsync(game, ct);
    }

    private Task<GetGameResponse?> FindAsync(Guid id, CancellationToken ct) => HttpContext.Caller().Seen(db.Games)
        .Where(game => game.Id == id)
        .Select(GameView.Projection)
        .LeftJoin(db.Announcements, game => game.Id, announcement => announcement.GameId, (game, announcement) => new GetGameResponse(
            game,
            announcement == null
                ? null
                : new GetGameAnnouncement(announcement.ChannelId, announcement.Text, announcement.CreatedAt, announcement.MessageId)))
        .SingleOrDefaultAsync(ct);
}
