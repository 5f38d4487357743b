using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed class RetryOutboxMessage(OutboxControl<GamesDbContext> control, OutboxInspection<GamesDbContext> outbox) : Endpoint<OutboxMessageRequest>
{
    public override void Configure()
    {
        Post("/messages/{sequenceNumber}/retry");
        Group<OpsGroup>();
    }

    public override async Task HandleAsync(OutboxMessageRequest request, CancellationToken ct)
    {
        if (request.Number is { } number && await control.RetryAsync(number, ct))
            await Send.NoContentAsync(ct);
        else if (request.Number is null || await outbox.FindAsync(request.Number.Value, ct) is null)
            await Send.ResultAsync(OutboxMessageAnswers.NotFound());
        else
            await Send.ResultAsync(OutboxMessageAnswers.Conflict("Nothing to retry: the message is scheduled, may leave at once already, or is being published."));
    }
}
