using System.Security.Cryptography;
using System.Text;
using Games.Data;
using Ical.Net;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Ical.Net.Serialization;
using Microsoft.Net.Http.Headers;

namespace Games.Api;

/// <summary>
/// Games as a file that calendars take (RFC 5545). Nothing in it depends on when it is asked for, so that its ETag is the same until a game changes.
/// </summary>
internal static class GameCalendar
{
    private const string MediaType = "text/calendar";
    private const string ProductId = "-//Games//Games//EN";
    private const string Fold = "\r\n ";
    private const int LineMaxOctets = 75;

    /// <summary>For a secret link that is wrong or has ended, whichever it is.</summary>
    public static IResult NotFound { get; } = Results.Problem(
        statusCode: StatusCodes.Status404NotFound, detail: "There is no calendar at this address, or it is there no more.");

    /// <summary>The endpoint answers with <see cref="Answer"/>, and not with JSON.</summary>
    public static RouteHandlerBuilder ProducesCalendar(this RouteHandlerBuilder route) =>
        route.Produces<string>(StatusCodes.Status200OK, MediaType).Produces(StatusCodes.Status304NotModified);

    /// <summary>200 with the file and its ETag; 304 for whoever has it.</summary>
    /// <param name="games">In the order of the file.</param>
    /// <param name="name">What a client that subscribes calls it; one that finds no name shows the address, secret and all.</param>
    public static IResult Answer(IEnumerable<Game> games, string? name = null)
    {
        var file = Encoding.UTF8.GetBytes(TextOf(games, name));
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(file))}\"");
        return Results.File(file, $"{MediaType}; charset=utf-8", entityTag: tag);
    }

    /// <summary>The same by a secret link: no proxy is to answer with it once the link has ended.</summary>
    public static IResult SecretAnswer(HttpContext context, IEnumerable<Game> games, string? name = null)
    {
        context.Response.Headers.CacheControl = new CacheControlHeaderValue { Private = true, NoCache = true }.ToString();
        return Answer(games, name);
    }

    public static string TextOf(IEnumerable<Game> games, string? name = null)
    {
        var calendar = new Calendar { ProductId = ProductId };
        if (name is not null)
            calendar.AddProperty("X-WR-CALNAME", name);
        foreach (var game in games)
            calendar.Events.Add(EventOf(game));
        return FoldByOctets(new CalendarSerializer().SerializeToString(calendar)!);
    }

    private static CalendarEvent EventOf(Game game)
    {
        var isCancelled = game.Status is GameStatus.Cancelled;
        var found = new CalendarEvent
        {
            Uid = game.Id.ToString(),
            Sequence = game.Version - 1,
            Status = isCancelled ? EventStatus.Cancelled : EventStatus.Confirmed,
            Summary = Printable(game.Title),
            Description = Printable(game.Description),
            Location = Printable(game.Location),
            DtStart = Utc(game.ScheduledAt),
            DtEnd = Utc(game.EndsAt),
            DtStamp = Utc(game.UpdatedAt),
            Created = Utc(game.CreatedAt),
            LastModified = Utc(game.UpdatedAt),
        };
        // Nobody is to be called to what does not take place.
        foreach (var minutes in isCancelled ? [] : game.Reminders)
            found.Alarms.Add(AlarmOf(game, minutes));
        return found;
    }

    private static Alarm AlarmOf(Game game, int minutes) => new()
    {
        Action = AlarmAction.Display,
        Description = Printable(game.Title),
        // In hours and minutes: a day may have 23 hours.
        Trigger = new Trigger(Duration.FromTimeSpanExact(TimeSpan.FromMinutes(-minutes))),
    };

    // The library counts UTF-16 units: it folds lines that are too long, and some between the halves of a character, which is then lost.
    private static string FoldByOctets(string file)
    {
        var folded = new StringBuilder(file.Length);
        Span<char> units = stackalloc char[2];
        var octets = 0;
        foreach (var rune in file.Replace(Fold, "", StringComparison.Ordinal).EnumerateRunes())
        {
            octets = rune.Value is '\r' or '\n' ? 0 : octets + rune.Utf8SequenceLength;
            if (octets > LineMaxOctets)
            {
                folded.Append(Fold);
                octets = 1 + rune.Utf8SequenceLength;
            }

            folded.Append(units[..rune.EncodeToUtf16(units)]);
        }

        return folded.ToString();
    }

    private static CalDateTime Utc(DateTimeOffset time) => new(time.UtcDateTime);

    // The format has no place for control characters, and knows one line break.
    private static string? Printable(string? text) =>
        text is null ? null : string.Concat(text.ReplaceLineEndings("\n").Where(x => !char.IsControl(x) || x is '\n' or '\t'));
}
