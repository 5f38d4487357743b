using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed class ResumeOutbox(OutboxControl<GamesDbContext> control, OutboxInspection<GamesDbContext> outbox)
    : EndpointWithoutRequest<OutboxSummary>
{
    public override void Configure()
    {
        Post("/resume");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Ends the pause");
    }

    public override async Task HandleAsync(CancellationToken ct)
    {
        await control.ResumeAsync(ct);
        await Send.OkAsync(await outbox.SummariseAsync(ct), ct);
    }
}
