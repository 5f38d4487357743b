using FastEndpoints;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed record ListOutboxMessagesRequest : PageRequest
{
    [QueryParam]
    public OutboxMessageState? State { get; init; }
}

internal sealed class ListOutboxMessagesValidator : Validator<ListOutboxMessagesRequest>
{
    public ListOutboxMessagesValidator() => this.RuleForPages(cursor => InspectionCursor.TryParse(cursor, out _));
}

internal sealed class ListOutboxMessages(OutboxInspection<GamesDbContext> outbox) : Endpoint<ListOutboxMessagesRequest, Page<InspectedMessage>>
{
    public override void Configure()
    {
        Get("/messages");
        Group<OpsGroup>();
        Summary(endpoint => endpoint.Summary = "Lists messages of one state, without bodies, page by page");
    }

    public override async Task HandleAsync(ListOutboxMessagesRequest request, CancellationToken ct)
    {
        var page = await outbox.ListAsync(
            request.State ?? OutboxMessageState.Pending,
            request.Limit ?? Paging.DefaultLimit,
            InspectionCursor.TryParse(request.Cursor, out var after) ? after : null,
            ct);

        await Send.OkAsync(new Page<InspectedMessage>(page.Items, page.Next?.ToString()), ct);
    }
}
