using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed class RetryOutboxMessage(OutboxControl<GamesDbContext> control, OutboxInspection<GamesDbContext> outbox)
    : Endpoint<OutboxMessageRequest>
{
    private const string NothingToRetry = "Nothing to retry: the message is scheduled, may leave at once already, or is being published.";

    public override void Configure()
    {
        Post("/messages/{sequenceNumber}/retry");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Has a message tried again at once");
        Description(route => route
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict));
    }

    public override async Task HandleAsync(OutboxMessageRequest request, CancellationToken ct)
    {
        if (request.Number is not { } number)
        {
            await Send.ResultAsync(OutboxMessageAnswers.NotFound());
            return;
        }

        if (await control.RetryAsync(number, ct))
            await Send.NoContentAsync(ct);
        else if (await outbox.FindAsync(number, ct) is null)
            await Send.ResultAsync(OutboxMessageAnswers.NotFound());
        else
            await Send.ResultAsync(OutboxMessageAnswers.Conflict(NothingToRetry));
    }
}
