using System.Net.Mime;
using System.Text.Json.Nodes;
using Games.Outbox.Capture;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Outbox.Inspection;

internal sealed class OutboxReplay<TDbContext>(IServiceScopeFactory scopes) : IOutboxReplay
    where TDbContext : DbContext
{
    private const int SetSize = 500;
    private const string Envelope = "application/vnd.masstransit+json";

    public async Task<bool> ReplayAsync(long sequenceNumber, bool newMessageId, CancellationToken ct) =>
        await ReplaySetAsync(rows => rows.Where(x => x.SequenceNumber == sequenceNumber), newMessageId, ct) is { Read: > 0 };

    public async Task<long> ReplayAsync(OutboxReplayRange range, bool newMessageId, CancellationToken ct)
    {
        // What is relayed from now on, the replays among it, is not meant.
        var last = await LastAsync(ct);
        var (from, to) = (range.From ?? 0, Math.Min(range.To ?? last, last));
        var (relayedFrom, relayedBefore) = (range.RelayedFrom?.UtcDateTime, range.RelayedBefore?.UtcDateTime);
        var replayed = 0L;

        while (true)
        {
            var set = await ReplaySetAsync(
                rows => rows.Where(x => x.SequenceNumber >= from && x.SequenceNumber <= to
                    && (relayedFrom == null || x.Relayed >= relayedFrom)
                    && (relayedBefore == null || x.Relayed < relayedBefore)
                    && (x.Headers == null || !x.Headers.Contains($"\"{IOutboxReplay.Header}\""))),
                newMessageId, ct);

            replayed += set.Read;
            if (set.Read < SetSize)
                return replayed;

            from = set.Last + 1;
        }
    }

    private async Task<long> LastAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var rows = scope.ServiceProvider.GetRequiredService<TDbContext>().Set<OutboxMessage>();

        return await rows.MaxAsync(x => (long?)x.SequenceNumber, ct) ?? 0;
    }

    private async Task<(int Read, long Last)> ReplaySetAsync(
        Func<IQueryable<OutboxMessage>, IQueryable<OutboxMessage>> which, bool newMessageId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();

        try
        {
            return await context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                context.ChangeTracker.Clear();
                OutboxSession.End(context);

                var kept = await which(context.Set<OutboxMessage>().AsNoTracking().Where(x => x.Relayed != null))
                    .OrderBy(x => x.SequenceNumber).Take(SetSize).ToListAsync(ct);
                var session = OutboxSession.For(context);
                foreach (var row in kept)
                    session.Add(Copy(row, newMessageId));

                // A transaction of its own: replays go through the table, whose backlog may be any size, and not through memory.
                await using var transaction = await context.Database.BeginTransactionAsync(ct);
                await context.SaveChangesAsync(ct);
                await transaction.CommitAsync(CancellationToken.None);

                return (kept.Count, kept.Count > 0 ? kept[^1].SequenceNumber : 0);
            });
        }
        finally
        {
            OutboxSession.End(context);
        }
    }

    private static OutboxMessage Copy(OutboxMessage row, bool newMessageId)
    {
        var messageId = newMessageId ? NewId.NextGuid() : row.MessageId;
        var headers = JsonNode.Parse(row.Headers ?? "{}")!.AsObject();
        headers[IOutboxReplay.Header] = true;
        var timeToLive = row.ExpirationTime - (row.EnqueueTime ?? row.SentTime);

        return new OutboxMessage
        {
            MessageId = messageId,
            ConversationId = row.ConversationId,
            CorrelationId = row.CorrelationId,
            InitiatorId = row.InitiatorId,
            RequestId = row.RequestId,
            SourceAddress = row.SourceAddress,
            DestinationAddress = row.DestinationAddress,
            ResponseAddress = row.ResponseAddress,
            FaultAddress = row.FaultAddress,
            SentTime = row.SentTime,
            TimeToLive = timeToLive,
            // By its save the row gets its time and from there its expiration.
            Delay = timeToLive is null ? null : TimeSpan.Zero,
            ContentType = row.ContentType,
            MessageType = row.MessageType,
            Headers = headers.ToJsonString(),
            Properties = row.Properties,
            OrderingKey = row.OrderingKey,
            Body = Body(row, messageId, newMessageId)
        };
    }

    /// <summary>The body, marked if it is an envelope that can be read: consumers take headers and ids from there.</summary>
    private static string Body(OutboxMessage row, Guid messageId, bool newMessageId)
    {
        var mediaType = new ContentType(row.ContentType).MediaType;

        if (mediaType != Envelope)
        {
            // Raw JSON has its id and headers beside it; what is binary, encrypted or XML keeps them inside.
            return newMessageId && mediaType != MediaTypeNames.Application.Json
                ? throw new NotSupportedException($"Row {row.SequenceNumber} is {mediaType}: its MessageId cannot be changed.")
                : row.Body;
        }

        var envelope = JsonNode.Parse(row.Body)!.AsObject();
        if (envelope["headers"] is not JsonObject headers)
            envelope["headers"] = headers = [];
        headers[IOutboxReplay.Header] = true;
        if (newMessageId)
            envelope["messageId"] = messageId.ToString();

        return envelope.ToJsonString();
    }
}
