using Games.Data;

namespace Games.Journal;

/// <summary>
/// Publishes events by writing them into the journal. Of a scope, like its <see cref="GamesDbContext"/>; a background service makes itself one.
/// </summary>
public interface IEventPublisher
{
    /// <summary>
    /// Inserts the event. While the scope's context has a transaction (its own, an enlisted or an ambient one) the event is part of it, and is
    /// said if and when that commits. Otherwise the event is committed when this returns. Entities that the context tracks are not saved by it.
    /// </summary>
    /// <param name="eventType">Dotted lower-case words, at most 100 characters.</param>
    /// <param name="payload">What becomes a JSON object: as camelCase JSON, or as it is if it is a JsonElement.</param>
    /// <param name="source">Who says it: one line, at most 100 characters.</param>
    /// <param name="channel">Lower-case words, at most 50 characters; null for <c>events</c>.</param>
    /// <param name="correlationId">Events that share one leave in the order of their insertion.</param>
    /// <param name="id">The same id again is the same event: nothing is inserted. Null for a new one.</param>
    /// <param name="ct">Gives up. The event may have been committed all the same; with an <paramref name="id"/> it can be published again.</param>
    /// <exception cref="EventRefusedException">A rule of the journal is broken; a transaction under way may be lost by it.</exception>
    /// <exception cref="Npgsql.NpgsqlException">The database does not answer, or refuses for another reason.</exception>
    Task<PublishedEvent> PublishAsync(
        string eventType, object payload, string source, string? channel = null, Guid? correlationId = null, Guid? id = null,
        CancellationToken ct = default);

    /// <summary>Inserts all of them in their order, or none, in one statement; else as the other. What each came to, in the same order.</summary>
    /// <param name="events">A few hundred, or a few MiB, at a time.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="EventRefusedException">A rule of the journal is broken by one of them, and none is inserted.</exception>
    /// <exception cref="Npgsql.NpgsqlException">The database does not answer, or refuses for another reason.</exception>
    Task<IReadOnlyList<PublishedEvent>> PublishAsync(IReadOnlyCollection<NewEvent> events, CancellationToken ct = default);
}

/// <summary>One event to publish, with the parameters of <see cref="IEventPublisher"/>.</summary>
public sealed record NewEvent(string EventType, object Payload, string Source, string? Channel = null, Guid? CorrelationId = null, Guid? Id = null);

/// <summary>The event's id, and whether this call has inserted it.</summary>
public readonly record struct PublishedEvent(Guid Id, bool IsNew);
