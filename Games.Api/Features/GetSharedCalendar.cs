using FastEndpoints;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record GetSharedCalendarRequest : GameRequest
{
    [QueryParam]
    public string? Secret { get; init; }
}

/// <summary>Behind the button of an announcement: a person who clicks has no key, but the secret of the announcement.</summary>
internal sealed class GetSharedCalendar(GamesDbContext db) : Endpoint<GetSharedCalendarRequest>
{
    public override void Configure()
    {
        Get("/games/{id}/calendar.ics");
        AllowAnonymous();
        Tags("Calendar");
        Summary(get => get.Summary = "One game as an iCalendar file; by the secret link of its announcement, and without a key");
        Description(route => route.ProducesCalendar().Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound), clearDefaults: true);
    }

    public override async Task HandleAsync(GetSharedCalendarRequest request, CancellationToken ct) => await Send.ResultAsync(
        Guid.TryParse(request.Id, out var id)
            && await db.Announcements.AsNoTracking().SingleOrDefaultAsync(x => x.GameId == id, ct) is { } announcement
            && announcement.IsCalendarOpenedBy(request.Secret ?? "")
            ? GameCalendar.SecretAnswer(HttpContext, [await db.Games.AsNoTracking().SingleAsync(game => game.Id == id, ct)])
            : GameCalendar.NotFound);
}
