using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;

namespace Games.Api.Features;

internal sealed record CreateCalendarLinkRequest : GuildRequest;

internal sealed class CreateCalendarLinkValidator : Validator<CreateCalendarLinkRequest>
{
    public CreateCalendarLinkValidator() => RuleFor(link => link.GuildId).Snowflake();
}

/// <param name="Url">Below the address of the API. It is shown this once.</param>
internal sealed record CalendarLinkView(string Url);

internal sealed class CreateCalendarLink(GamesDbContext db, TimeProvider clock) : Endpoint<CreateCalendarLinkRequest, CalendarLinkView>
{
    public override void Configure()
    {
        Post("/guilds/{guildId}/calendar");
        Policies(Scope.GamesWrite);
        RequestBinder(new RequestBinder<CreateCalendarLinkRequest>(BindingSource.RouteValues));
        Tags("Calendar");
        Summary(create => create.Summary = "Makes a secret link to the calendar of a guild, shown this once; an older one stops working");
        Description(route => route
            .Produces<CalendarLinkView>(StatusCodes.Status201Created).Refuses(StatusCodes.Status404NotFound), clearDefaults: true);
    }

    public override async Task HandleAsync(CreateCalendarLinkRequest request, CancellationToken ct) =>
        await Send.ResultAsync(await CreateAsync(request.GuildId, ct));

    private async Task<IResult> CreateAsync(string guildId, CancellationToken ct)
    {
        if (!HttpContext.Caller().Sees(guildId))
            return GuildAnswers.NotFound;

        var secret = CalendarFeed.NewSecret();
        await db.WriteCalendarFeedAsync(guildId, secret, clock.GetUtcNow(), ct);

        // Not as Location too, which proxies log.
        return Results.Json(new CalendarLinkView($"/guilds/{guildId}/games.ics?secret={secret}"), statusCode: StatusCodes.Status201Created);
    }
}
