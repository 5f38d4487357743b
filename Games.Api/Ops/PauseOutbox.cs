using FastEndpoints;
using FluentValidation;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed record PauseOutboxRequest
{
    [QueryParam]
    public string? By { get; init; }
}

internal sealed class PauseOutboxValidator : Validator<PauseOutboxRequest>
{
    public PauseOutboxValidator() => RuleFor(pause => pause.By).OneLine();
}

/// <summary>Answers with the summary, so that the caller sees since when and by whom, be it this call or one before.</summary>
internal sealed class PauseOutbox(OutboxControl<GamesDbContext> control, OutboxInspection<GamesDbContext> outbox)
    : Endpoint<PauseOutboxRequest, OutboxSummary>
{
    public override void Configure()
    {
        Post("/pause");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Pauses relaying, in every process: messages wait in the table");
    }

    public override async Task HandleAsync(PauseOutboxRequest request, CancellationToken ct)
    {
        await control.PauseAsync(request.By ?? "/ops/outbox", ct);
        await Send.OkAsync(await outbox.SummariseAsync(ct), ct);
    }
}
