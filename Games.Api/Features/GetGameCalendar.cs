using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record GetGameCalendarRequest : GameRequest;

internal sealed class GetGameCalendar(GamesDbContext db) : Endpoint<GetGameCalendarRequest>
{
    public override void Configure()
    {
        Get("/games/{id}.ics");
        Policies(Scope.GamesRead);
        Tags("Calendar");
        Summary(get => get.Summary = "One game as an iCalendar file");
        Description(route => route.ProducesCalendar().Refuses(StatusCodes.Status404NotFound), clearDefaults: true);
    }

    public override async Task HandleAsync(GetGameCalendarRequest request, CancellationToken ct) => await Send.ResultAsync(
        Guid.TryParse(request.Id, out var id)
            && await HttpContext.Caller().Seen(db.Games).AsNoTracking().SingleOrDefaultAsync(game => game.Id == id, ct) is { } game
            ? GameCalendar.Answer([game])
            : GameAnswers.NotFound);
}
