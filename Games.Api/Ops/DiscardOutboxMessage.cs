using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed class DiscardOutboxMessage(OutboxControl<GamesDbContext> control, OutboxInspection<GamesDbContext> outbox)
    : Endpoint<OutboxMessageRequest>
{
    public override void Configure()
    {
        Delete("/messages/{sequenceNumber}");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Deletes a message: nobody gets it");
        Description(route => route
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict));
    }

    public override async Task HandleAsync(OutboxMessageRequest request, CancellationToken ct)
    {
        if (request.Number is { } number && await control.DiscardAsync(number, ct))
            await Send.NoContentAsync(ct);
        else if (request.Number is null || await outbox.FindAsync(request.Number.Value, ct) is null)
            await Send.ResultAsync(OutboxMessageAnswers.NotFound());
        else
            await Send.ResultAsync(OutboxMessageAnswers.Conflict("The message is being published."));
    }
}
