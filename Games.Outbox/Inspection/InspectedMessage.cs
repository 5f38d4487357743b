using System.Text.Json;
using System.Text.Json.Serialization;
using Games.Outbox.Relay;

namespace Games.Outbox.Inspection;

/// <summary>A row of the outbox, without the message itself.</summary>
/// <param name="SequenceNumber">The row's number, by which the other calls name it.</param>
/// <param name="MessageId">The message's id.</param>
/// <param name="MessageType">URN of the type that was published.</param>
/// <param name="Destination">Address of the exchange or queue.</param>
/// <param name="Created">When the row was inserted (UTC, the database's clock).</param>
/// <param name="Sent">When the application published it (UTC, the application's clock).</param>
/// <param name="Attempts">How often the broker refused it.</param>
/// <param name="NextAttempt">Not to be tried before (UTC); null for at once, and for a dead one.</param>
/// <param name="Dead">When the relay gave up (UTC); null while it has not.</param>
/// <param name="IsLeased">Whether a living relay has leased it.</param>
/// <param name="LastError">Why the last attempt failed.</param>
/// <param name="OrderingKey">Rows of one key leave one after the other.</param>
public sealed record InspectedMessage(
    long SequenceNumber,
    Guid MessageId,
    string MessageType,
    string? Destination,
    DateTime Created,
    DateTime Sent,
    int Attempts,
    DateTime? NextAttempt,
    DateTime? Dead,
    bool IsLeased,
    string? LastError,
    string? OrderingKey)
{
    /// <summary>Whether it waits for a queue, as the broker has returned it.</summary>
    [JsonIgnore]
    public bool IsReturned => LastError?.StartsWith(PublishErrors.Returned, StringComparison.Ordinal) ?? false;
}

/// <summary>One message with all that the broker will get.</summary>
/// <param name="Message">The row.</param>
/// <param name="MessageTypes">URNs of all types as which it can be consumed.</param>
/// <param name="ContentType">MIME type of the body.</param>
/// <param name="Headers">Its headers, a JSON object.</param>
/// <param name="Properties">Its transport properties, a JSON object.</param>
/// <param name="Json">The body, if it is JSON; else null.</param>
/// <param name="Bytes">The body, if it is not JSON; else null.</param>
public sealed record InspectedMessageContent(
    InspectedMessage Message, string[] MessageTypes, string ContentType, JsonElement? Headers, JsonElement? Properties, JsonElement? Json,
    byte[]? Bytes);

/// <summary>One page of a list.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Next">Where the next page begins; null after the last.</param>
public sealed record InspectedPage(IReadOnlyList<InspectedMessage> Items, InspectionCursor? Next);
