using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record RevokeCalendarLinkRequest : GuildRequest;

internal sealed class RevokeCalendarLinkValidator : Validator<RevokeCalendarLinkRequest>
{
    public RevokeCalendarLinkValidator() => RuleFor(link => link.GuildId).Snowflake();
}

internal sealed class RevokeCalendarLink(GamesDbContext db) : Endpoint<RevokeCalendarLinkRequest>
{
    public override void Configure()
    {
        Delete("/guilds/{guildId}/calendar");
        Policies(Scope.GamesWrite);
        RequestBinder(new RequestBinder<RevokeCalendarLinkRequest>(BindingSource.RouteValues));
        Tags("Calendar");
        Summary(revoke => revoke.Summary = "Ends the secret link to the calendar of a guild. A repeat changes nothing");
        Description(route => route.Produces(StatusCodes.Status204NoContent).Refuses(StatusCodes.Status404NotFound), clearDefaults: true);
    }

    public override async Task HandleAsync(RevokeCalendarLinkRequest request, CancellationToken ct) =>
        await Send.ResultAsync(await RevokeAsync(request.GuildId, ct));

    private async Task<IResult> RevokeAsync(string guildId, CancellationToken ct)
    {
        if (!HttpContext.Caller().Sees(guildId))
            return GuildAnswers.NotFound;

        await db.CalendarFeeds.Where(feed => feed.GuildId == guildId).ExecuteDeleteAsync(ct);
        return Results.NoContent();
    }
}
