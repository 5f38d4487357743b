using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed record RetryDeadOutboxMessagesResponse(long Retried);

internal sealed class RetryDeadOutboxMessages(OutboxControl<GamesDbContext> outbox) : EndpointWithoutRequest<RetryDeadOutboxMessagesResponse>
{
    public override void Configure()
    {
        Post("/retry");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Has all dead messages tried again");
    }

    public override async Task HandleAsync(CancellationToken ct) =>
        await Send.OkAsync(new RetryDeadOutboxMessagesResponse(await outbox.RetryDeadAsync(ct)), ct);
}
