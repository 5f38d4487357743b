using FastEndpoints;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record GetGuildCalendarRequest : GuildRequest
{
    [QueryParam]
    public string? Secret { get; init; }
}

/// <summary>Needs no key, because a calendar client sends none, but the secret of the guild's link.</summary>
internal sealed class GetGuildCalendar(GamesDbContext db, TimeProvider clock) : Endpoint<GetGuildCalendarRequest>
{
    private const int MaxGames = 1_000;

    private static readonly TimeSpan Past = TimeSpan.FromDays(90);

    public override void Configure()
    {
        Get("/guilds/{guildId}/games.ics");
        AllowAnonymous();
        Tags("Calendar");
        Summary(get => get.Summary = "The games of a guild as an iCalendar file, from 90 days ago on; by a secret link, and without a key");
        Description(route => route.ProducesCalendar().Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound), clearDefaults: true);
    }

    public override async Task HandleAsync(GetGuildCalendarRequest request, CancellationToken ct) => await Send.ResultAsync(
        await db.CalendarFeeds.AsNoTracking().SingleOrDefaultAsync(feed => feed.GuildId == request.GuildId, ct) is { } feed
            && feed.IsOpenedBy(request.Secret ?? "")
            ? await AnswerAsync(request.GuildId, ct)
            : GameCalendar.NotFound);

    private async Task<IResult> AnswerAsync(string guildId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var from = now - Past;
        var games = db.Games.AsNoTracking().Where(game => game.GuildId == guildId);
        var coming = await games.Where(game => game.ScheduledAt >= now)
            .OrderBy(game => game.ScheduledAt).ThenBy(game => game.Id).Take(MaxGames).ToListAsync(ct);
        // Those that were may fill what is left.
        var past = await games.Where(game => game.ScheduledAt < now && game.ScheduledAt >= from)
            .OrderByDescending(game => game.ScheduledAt).ThenByDescending(game => game.Id).Take(MaxGames - coming.Count).ToListAsync(ct);
        return GameCalendar.SecretAnswer(HttpContext, [.. past.AsEnumerable().Reverse(), .. coming], "Game nights");
    }
}
