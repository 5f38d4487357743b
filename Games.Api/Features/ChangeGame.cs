using System.Globalization;
using System.Runtime.CompilerServices;
using FastEndpoints;
using FluentValidation;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.Net.Http.Headers;

namespace Games.Api.Features;

/// <summary>Only what is sent is changed, as in a JSON merge patch (RFC 7396): the reader of JSON sets only what it finds.</summary>
internal sealed record ChangeGameRequest : GameRequest
{
    private readonly HashSet<string> _sent = [];

    public string? Title { get; init => field = Sent(value); }
    public string? Description { get; init => field = Sent(value); }
    public string? Location { get; init => field = Sent(value); }
    public DateTimeOffset? ScheduledAt { get; init => field = Sent(value); }
    public int? DurationMinutes { get; init => field = Sent(value); }
    public int? MaxPlayers { get; init => field = Sent(value); }
    public int[]? Reminders { get; init => field = Sent(value); }

    public bool Has(string field) => _sent.Contains(field);

    public GameDetails ApplyTo(GameDetails now) => new(
        Has(nameof(Title)) ? Title! : now.Title,
        Has(nameof(Description)) ? Description : now.Description,
        Has(nameof(Location)) ? Location : now.Location,
        Has(nameof(ScheduledAt)) ? ScheduledAt!.Value : now.ScheduledAt,
        Has(nameof(DurationMinutes)) ? DurationMinutes : now.DurationMinutes,
        Has(nameof(MaxPlayers)) ? MaxPlayers!.Value : now.MaxPlayers,
        Has(nameof(Reminders)) ? Reminders ?? [] : now.Reminders);

    private T Sent<T>(T value, [CallerMemberName] string field = "")
    {
        _sent.Add(field);
        return value;
    }
}

internal sealed class ChangeGameValidator : Validator<ChangeGameRequest>
{
    public ChangeGameValidator()
    {
        RuleFor(game => game.Title).TrimmedAtMost(Game.TitleMaxLength).OneLine().When(game => game.Has(nameof(game.Title)));
        RuleFor(game => game.Description).AtMost(Game.DescriptionMaxLength).Storable();
        RuleFor(game => game.Location).AtMost(Game.LocationMaxLength).OneLine();
        RuleFor(game => game.ScheduledAt).NotNull().WithMessage("cannot be null").When(game => game.Has(nameof(game.ScheduledAt)));
        RuleFor(game => game.ScheduledAt).Start();
        RuleFor(game => game.DurationMinutes).InclusiveBetween(1, Game.MaxDurationMinutes);
        RuleFor(game => game.MaxPlayers).NotNull().WithMessage("cannot be null").When(game => game.Has(nameof(game.MaxPlayers)));
        RuleFor(game => game.MaxPlayers).InclusiveBetween(1, Game.MaxPlayersLimit);
        RuleFor(game => game.Reminders).Reminders();
    }
}

internal sealed class ChangeGame(GamesDbContext db, GameCommands games) : Endpoint<ChangeGameRequest, GameView>
{
    public override void Configure()
    {
        Patch("/games/{id}");
        Policies(Scope.GamesWrite);
        RequestBinder(new RequestBinder<ChangeGameRequest>(BindingSource.JsonBody | BindingSource.RouteValues));
        Tags("Games");
        Summary(change =>
        {
            change.Summary = "Changes what is sent, and nothing else; null clears what may be empty. If-Match takes the ETag of the game";
            change.ExampleRequest = new() { Location = "Voice 2", MaxPlayers = 6 };
        });
        Description(route => route.RequiresIfMatch().Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict));
    }

    public override async Task HandleAsync(ChangeGameRequest request, CancellationToken ct) =>
        await Send.ResultAsync(await ChangeAsync(request, ct));

    private async Task<IResult> ChangeAsync(ChangeGameRequest request, CancellationToken ct)
    {
        var seen = HttpContext.Request.GetTypedHeaders().IfMatch;
        if (seen is [])
        {
            return Results.Problem(
                statusCode: StatusCodes.Status428PreconditionRequired,
                detail: "If-Match is missing: send the ETag of the game that you have read, or * to change it whatever it is.");
        }

        if (await HttpContext.FindGameAsync(db, request.Id, ct) is not { } id)
            return GameAnswers.NotFound;

        var any = seen.Contains(EntityTagHeaderValue.Any);
        // A weak tag never matches here (RFC 9110, 13.1.1).
        var result = await games.ChangeAsync(
            id, game => any || seen.Any(tag => !tag.IsWeak && VersionOf(tag) == game.Version), request.ApplyTo, HttpContext.Caller().Name, ct);
        if (result.Refusal is GameRefusal.Past)
            ThrowError(game => game.ScheduledAt!, "must be in the future");

        return result.Refusal is { } refusal ? GameAnswers.Of(refusal) : await HttpContext.OkAsync(db, result.Game!, ct);
    }

    // What stands before the dot; see GameView.ETag.
    private static int? VersionOf(EntityTagHeaderValue tag) => int.TryParse(
        tag.Tag.ToString().Trim('"').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
}
