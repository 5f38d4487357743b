using FastEndpoints;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record GetGameRequest
{
    // A string: a route value that is no uuid names no game, which is a 404 and not a bad request.
    public string Id { get; init; } = "";
}

internal sealed record GetGameResponse(
    Guid Id,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    string? Description,
    string? Location,
    DateTimeOffset ScheduledAt,
    int? DurationMinutes,
    int MaxPlayers,
    GameStatus Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    GetGameAnnouncement? Announcement);

internal sealed record GetGameAnnouncement(string ChannelId, string Text, DateTimeOffset CreatedAt, string? MessageId);

internal sealed class GetGame(GamesDbContext db) : Endpoint<GetGameRequest, GetGameResponse>
{
    public override void Configure()
    {
        Get("/games/{id}");
        AllowAnonymous();
        Tags("Games");
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

    private Task<GetGameResponse?> FindAsync(Guid id, CancellationToken ct) => db.Games
        .Where(game => game.Id == id)
        .LeftJoin(db.Announcements, game => game.Id, announcement => announcement.GameId, (game, announcement) => new GetGameResponse(
            game.Id,
            game.GuildId,
            game.ChannelId,
            game.HostId,
            game.Title,
            game.Description,
            game.Location,
            game.ScheduledAt,
            game.DurationMinutes,
            game.MaxPlayers,
            game.Status,
            game.CreatedAt,
            game.UpdatedAt,
            announcement == null
                ? null
                : new GetGameAnnouncement(announcement.ChannelId, announcement.Text, announcement.CreatedAt, announcement.MessageId)))
        .SingleOrDefaultAsync(ct);
}
