using System.Text.Json;
using FastEndpoints;
using FluentValidation;
using Games.Data;
using Games.Journal;
using Games.ServiceDefaults.Access;
using Microsoft.AspNetCore.Mvc;

namespace Games.Api.Features;

internal sealed record PublishEventRequest
{
    public Guid? Id { get; init; }
    public string? EventType { get; init; }
    public string? Channel { get; init; }
    public JsonElement Payload { get; init; }
    public Guid? CorrelationId { get; init; }
    public string? Source { get; init; }
}

internal sealed record PublishEventResponse(Guid Id);

internal sealed class PublishEventValidator : Validator<PublishEventRequest>
{
    public PublishEventValidator()
    {
        RuleFor(said => said.Id).Must(id => id != Guid.Empty).WithMessage("must not be nil");
        RuleFor(said => said.EventType).NotNull().WithMessage(EventRules.EventType).EventType();
        RuleFor(said => said.Channel).Channel();
        RuleFor(said => said.Payload).Must(payload => payload.ValueKind is JsonValueKind.Object).WithMessage(EventRules.Payload);
        RuleFor(said => said.Source)
            .Text(EventRules.IsSource, EventRules.Source, minLength: 1, maxLength: JournalEvent.SourceMaxLength).OneLine();
    }
}

/// <summary>202: the event is in the journal, and on its way. 200 for an id that is there already: nothing new was said.</summary>
internal sealed class PublishEvent(IEventPublisher events) : Endpoint<PublishEventRequest, PublishEventResponse>
{
    private const int MaxBodyBytes = 5 * 1024 * 1024;

    public override void Configure()
    {
        Post("/events");
        Policies(Scope.EventsPublish);
        // Not from the query as well: an address may be logged on its way.
        RequestBinder(new RequestBinder<PublishEventRequest>(BindingSource.JsonBody));
        Tags("Events");
        Summary(publish =>
        {
            publish.Summary = "Publishes an event; with an id, the same again is the same event";
            publish.ExampleRequest = new()
            {
                EventType = "order.paid",
                Payload = JsonElement.Parse("""{ "order": 7, "note": "it's paid" }"""),
                Source = "curl",
                Channel = "orders",
                CorrelationId = new("7f3c9b1e-52a4-4c1f-9a3f-0d3f6a1b2c3d"),
                Id = new("0198c0de-0000-7000-8000-000000000007"),
            };
        });
        Description(route => route
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .Produces<PublishEventResponse>()
            .Produces<PublishEventResponse>(StatusCodes.Status202Accepted));
    }

    public override async Task HandleAsync(PublishEventRequest request, CancellationToken ct)
    {
        if ((EventRules.IsInternal(request.EventType!) || EventRules.IsInternal(request.Id)) && !HttpContext.Caller().Has(Scope.EventsInternal))
        {
            await Send.ResultAsync(Results.Problem(
                statusCode: StatusCodes.Status403Forbidden,
                detail: $"Only services of this system publish {request.EventType} {request.Id}: the key lacks the scope {Scope.EventsInternal}."));
            return;
        }

        try
        {
            var (id, isNew) = await events.PublishAsync(
                request.EventType!, request.Payload, request.Source!, request.Channel, request.CorrelationId, request.Id, ct);

            HttpContext.Response.Headers.Location = $"/events/{id}";
            await Send.ResponseAsync(new PublishEventResponse(id), isNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK, ct);
        }
        catch (EventRefusedException refused) when (refused.Column is "payload")
        {
            // What only the table can tell: a NUL, a lone surrogate, more than 4 MiB.
            AddError(said => said.Payload, refused.Rule);
            await Send.ErrorsAsync(cancellation: ct);
        }
    }
}
