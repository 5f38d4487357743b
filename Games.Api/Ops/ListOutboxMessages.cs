using FastEndpoints;
using FluentValidation;
using Games.Data;
using Games.Outbox.Inspection;

namespace Games.Api.Ops;

internal sealed record ListOutboxMessagesRequest
{
    [QueryParam]
    public OutboxMessageState? State { get; init; }

    [QueryParam]
    public int? Limit { get; init; }

    [QueryParam]
    public string? Cursor { get; init; }
}

internal sealed record ListOutboxMessagesResponse(IReadOnlyList<InspectedMessage> Items, string? NextCursor);

internal sealed class ListOutboxMessagesValidator : Validator<ListOutboxMessagesRequest>
{
    public ListOutboxMessagesValidator()
    {
        RuleFor(page => page.State).IsInEnum();
        RuleFor(page => page.Limit).InclusiveBetween(1, ListOutboxMessages.MaxLimit);
        RuleFor(page => page.Cursor)
            .Must(cursor => cursor is null || InspectionCursor.TryParse(cursor, out _)).WithMessage("is not a cursor of this list");
    }
}

internal sealed class ListOutboxMessages(OutboxInspection<GamesDbContext> outbox) : Endpoint<ListOutboxMessagesRequest, ListOutboxMessagesResponse>
{
    public const int MaxLimit = 100;
    private const int DefaultLimit = 20;

    public override void Configure()
    {
        Get("/messages");
        Group<OpsGroup>();
    }

    public override async Task HandleAsync(ListOutboxMessagesRequest request, CancellationToken ct)
    {
        var page = await outbox.ListAsync(
            request.State ?? OutboxMessageState.Pending,
            request.Limit ?? DefaultLimit,
            InspectionCursor.TryParse(request.Cursor, out var after) ? after : null,
            ct);

        await Send.OkAsync(new ListOutboxMessagesResponse(page.Items, page.Next?.ToString()), ct);
    }
}
