using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;

namespace Games.Api.Features;

internal sealed record JoinGameRequest : GameRequest
{
    [RouteParam]
    public string UserId { get; init; } = "";

    public string? DisplayName { get; init; }
}

internal enum SeatKind
{
    Playing,
    Waiting,
}

/// <param name="Place">From 1: among those who wait for a seat; null for one who plays.</param>
internal sealed record JoinGameResponse(SeatKind Seat, int? Place);

internal sealed class JoinGameValidator : Validator<JoinGameRequest>
{
    public JoinGameValidator()
    {
        RuleFor(join => join.UserId).Snowflake();
        RuleFor(join => join.DisplayName).AtMost(Player.DisplayNameMaxLength).OneLine();
    }
}

internal sealed class JoinGame(GamesDbContext db, GameCommands games) : Endpoint<JoinGameRequest, JoinGameResponse>
{
    public override void Configure()
    {
        Put("/games/{id}/players/{userId}");
        Policies(Scope.GamesWrite);
        RequestBinder(new RequestBinder<JoinGameRequest>(BindingSource.JsonBody | BindingSource.RouteValues));
        Tags("Players");
        Summary(join =>
        {
            join.Summary = "Takes a seat for a user, or a place on the waiting list when all are taken. A repeat changes nothing";
            join.ExampleRequest = new() { DisplayName = "Ada" };
        });
        Description(route => route.BodyIsOptional().Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict));
    }

    public override async Task HandleAsync(JoinGameRequest request, CancellationToken ct) =>
        await Send.ResultAsync(await JoinAsync(request, ct));

    private async Task<IResult> JoinAsync(JoinGameRequest request, CancellationToken ct)
    {
        if (await HttpContext.FindGameAsync(db, request.Id, ct) is not { } id)
            return GameAnswers.NotFound;

        var result = await games.JoinAsync(id, request.UserId, request.DisplayName, HttpContext.Caller().Name, ct);
        if (result.Refusal is { } refusal)
            return GameAnswers.Of(refusal);

        var place = result.Game!.PlaceOf(result.Game.Find(request.UserId)!);
        return Results.Ok(new JoinGameResponse(place is null ? SeatKind.Playing : SeatKind.Waiting, place));
    }
}
