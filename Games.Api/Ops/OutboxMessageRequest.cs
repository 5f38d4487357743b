using System.Globalization;
using FastEndpoints;

namespace Games.Api.Ops;

/// <summary>Names one row of the outbox.</summary>
internal sealed record OutboxMessageRequest
{
    // A string: a route value that is no number names no message, which is a 404 and not a bad request.
    [RouteParam]
    public string SequenceNumber { get; init; } = "";

    public long? Number => long.TryParse(SequenceNumber, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

internal static class OutboxMessageAnswers
{
    public static IResult NotFound() =>
        Results.Problem(
            statusCode: StatusCodes.Status404NotFound,
            detail: "There is no message with this number in the outbox; it may have been published.");

    public static IResult Conflict(string detail) => Results.Problem(statusCode: StatusCodes.Status409Conflict, detail: detail);
}
