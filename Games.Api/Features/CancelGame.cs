using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;

namespace Games.Api.Features;

internal sealed record CancelGameRequest : GameRequest
{
    public string? Reason { get; init; }
}

internal sealed class CancelGameValidator : Validator<CancelGameRequest>
{
    public CancelGameValidator() => RuleFor(cancel => cancel.Reason).AtMost(Game.CancelReasonMaxLength).Storable();
}

internal sealed class CancelGame(GamesDbContext db, GameCommands games) : Endpoint<CancelGameRequest, GameView>
{
    public override void Configure()
    {
        Post("/games/{id}/cancel");
        Policies(Scope.GamesWrite);
        RequestBinder(new RequestBinder<CancelGameRequest>(BindingSource.JsonBody | BindingSource.RouteValues));
        Tags("Games");
        Summary(cancel =>
        {
            cancel.Summary = "Cancels a game, which stays and tells so. A repeat changes nothing";
            cancel.ExampleRequest = new() { Reason = "The host is ill" };
        });
        Description(route => route.BodyIsOptional().Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict));
    }

    public override async Task HandleAsync(CancelGameRequest request, CancellationToken ct) =>
        await Send.ResultAsync(await CancelAsync(request, ct));

    private async Task<IResult> CancelAsync(CancelGameRequest request, CancellationToken ct)
    {
        if (await HttpContext.FindGameAsync(db, request.Id, ct) is not { } id)
            return GameAnswers.NotFound;

        var result = await games.CancelAsync(id, request.Reason, HttpContext.Caller().Name, ct);
        return result.Refusal is { } refusal ? GameAnswers.Of(refusal) : await HttpContext.OkAsync(db, result.Game!, ct);
    }
}
