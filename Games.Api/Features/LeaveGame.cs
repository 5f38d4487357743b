using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;

namespace Games.Api.Features;

internal sealed record LeaveGameRequest : GameRequest
{
    [RouteParam]
    public string UserId { get; init; } = "";
}

internal sealed class LeaveGameValidator : Validator<LeaveGameRequest>
{
    public LeaveGameValidator() => RuleFor(leave => leave.UserId).Snowflake();
}

internal sealed class LeaveGame(GamesDbContext db, GameCommands games) : Endpoint<LeaveGameRequest>
{
    public override void Configure()
    {
        Delete("/games/{id}/players/{userId}");
        Policies(Scope.GamesWrite);
        RequestBinder(new RequestBinder<LeaveGameRequest>(BindingSource.RouteValues));
        Tags("Players");
        Summary(leave => leave.Summary = "Gives the seat of a user to the first who waits. A repeat changes nothing");
        Description(route => route.BodyIsOptional()
            .Produces(StatusCodes.Status204NoContent).Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict));
    }

    public override async Task HandleAsync(LeaveGameRequest request, CancellationToken ct) =>
        await Send.ResultAsync(await LeaveAsync(request, ct));

    private async Task<IResult> LeaveAsync(LeaveGameRequest request, CancellationToken ct)
    {
        if (await HttpContext.FindGameAsync(db, request.Id, ct) is not { } id)
            return GameAnswers.NotFound;

        var result = await games.LeaveAsync(id, request.UserId, HttpContext.Caller().Name, ct);
        return result.Refusal is { } refusal ? GameAnswers.Of(refusal) : Results.NoContent();
    }
}
