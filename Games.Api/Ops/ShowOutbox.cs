using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed class ShowOutbox(OutboxInspection<GamesDbContext> outbox) : EndpointWithoutRequest<OutboxSummary>
{
    public override void Configure()
    {
        Get("/");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Counts what waits in the outbox, and says whether it is paused");
    }

    public override async Task HandleAsync(CancellationToken ct) => await Send.OkAsync(await outbox.SummariseAsync(ct), ct);
}
