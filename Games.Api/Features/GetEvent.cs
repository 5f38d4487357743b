using System.Text.Json;
using System.Text.Json.Serialization;
using FastEndpoints;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record GetEventRequest
{
    // A string: a route value that is no uuid names no event, which is a 404 and not a bad request.
    public string Id { get; init; } = "";
}

internal sealed record GetEventResponse(
    Guid Id,
    string EventType,
    string Channel,
    [property: JsonConverter(typeof(StoredJsonConverter))] JsonElement Payload,
    DateTimeOffset CreatedAt,
    Guid? CorrelationId,
    string Source,
    EventState State,
    DateTimeOffset? DispatchedAt,
    int Attempts,
    DateTimeOffset? NextAttemptAt,
    string? LastError,
    DateTimeOffset? DeadAt);

internal sealed class GetEvent(GamesDbContext db) : Endpoint<GetEventRequest, GetEventResponse>
{
    public override void Configure()
    {
        Get("/events/{id}");
        Policies(Scope.EventsRead);
        Tags("Events");
        Summary(get => get.Summary = "Shows one event: its payload, and whether it has been dispatched");
        Description(route => route.ProducesProblem(StatusCodes.Status404NotFound));
    }

    public override async Task HandleAsync(GetEventRequest request, CancellationToken ct)
    {
        if (!Guid.TryParse(request.Id, out var id) || await db.Events.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, ct) is not { } found)
        {
            await Send.ResultAsync(Results.Problem(statusCode: StatusCodes.Status404NotFound, detail: "There is no event with this id."));
            return;
        }

        await Send.OkAsync(
            new GetEventResponse(
                found.Id, found.EventType, found.Channel, StoredJson.Parse(found.Payload), found.CreatedAt,
                found.CorrelationId, found.Source, found.State, found.DispatchedAt, found.Attempts, found.NextAttemptAt, found.LastError,
                found.DeadAt),
            ct);
    }
}
