using System.Runtime.Serialization;
using System.Text.Json;
using Games.Contracts;
using Games.Data;
using MassTransit;
using Npgsql;

namespace Games.Bot.Ingestion;

/// <summary>What became of a delivery, as the consumer knows it: null if the inbox did not let it in.</summary>
internal sealed class Ingested
{
    public StoredChange? Change { get; set; }
}

/// <summary>Counts deliveries from around the inbox and the retries: what is committed or given up, and each once.</summary>
internal sealed class IngestionFilter(IngestionMetrics metrics) : IFilter<ConsumeContext>
{
    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var ingested = context.ReceiveContext.GetOrAddPayload(() => new Ingested());
        try
        {
            await next.Send(context);
        }
        catch (Exception failure) when (failure.IsInvalidMessage())
        {
            metrics.Invalid();
            throw;
        }
        // What waits for the database is not given up.
        catch (Exception failure) when (!failure.IsDatabaseUnavailable() && !context.CancellationToken.IsCancellationRequested)
        {
            metrics.Failed();
            throw;
        }

        // Of another type: MassTransit moves it to ingest-message_skipped.
        if (!context.TryGetMessage<DiscordMessageReceived>(out var message))
            return;

        if (ingested.Change is null or StoredChange.None)
            metrics.Repeated();
        else
            metrics.Stored(message.Message, ingested.Change.Value);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("ingestion");
}

internal static class InvalidMessages
{
    /// <summary>
    /// Whether the message is at fault, and will be at the next attempt: it breaks a rule of ours, cannot be read, or PostgreSQL refuses its values.
    /// </summary>
    public static bool IsInvalidMessage(this Exception failure) =>
        failure is InvalidDiscordMessageException or SerializationException or JsonException
        || (failure is PostgresException refused && refused.SqlState[..2] is "22" or "23")
        || (failure.InnerException?.IsInvalidMessage() ?? false);
}
