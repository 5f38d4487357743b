using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed class ShowOutboxMessage(OutboxInspection<GamesDbContext> outbox) : Endpoint<OutboxMessageRequest, InspectedMessageContent>
{
    public override void Configure()
    {
        Get("/messages/{sequenceNumber}");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Shows one message, with headers and body");
        Description(route => route.ProducesProblem(StatusCodes.Status404NotFound));
    }

    public override async Task HandleAsync(OutboxMessageRequest request, CancellationToken ct)
    {
        if (request.Number is not { } number || await outbox.FindAsync(number, ct) is not { } message)
            await Send.ResultAsync(OutboxMessageAnswers.NotFound());
        else
            await Send.OkAsync(message, ct);
    }
}
