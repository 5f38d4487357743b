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
    }

    public override async Task HandleAsync(CancellationToken ct) => await Send.OkAsync(await outbox.SummariseAsync(ct), ct);
}
