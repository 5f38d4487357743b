using System.Runtime.CompilerServices;
using Games.Outbox.Monitoring;
using MassTransit;
using MassTransit.Context;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Serialization;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Capture;

/// <summary>
/// What one DbContext has captured and not yet committed. The interceptor finds it by the context, so that a publish and the
/// SaveChanges that secures it need not know each other.
/// </summary>
internal sealed class OutboxSession
{
    /// <summary>Marks an ordering key that only keeps the messages of one transaction in their order.</summary>
    public const string TransactionKeyPrefix = "tx:";

    private static readonly ConditionalWeakTable<DbContext, OutboxSession> Sessions = [];

    private readonly DbContext _context;
    private readonly List<OutboxMessage> _unsaved = [];

    private OutboxSession(DbContext context) => _context = context;

    /// <summary>Whether a SaveChanges with captured messages failed: its caller knows already that they were not published.</summary>
    public bool SaveFailed { get; set; }

    /// <summary>Whether a command of this context failed: if somebody caught that, PostgreSQL has given the transaction up all the same.</summary>
    public bool CommandFailed { get; set; }

    public static bool IsTransactionKey(string? key) => key?.StartsWith(TransactionKeyPrefix, StringComparison.Ordinal) ?? false;

    public static OutboxSession For(DbContext context) => Sessions.GetValue(context, static x => new(x));

    public static bool TryFind(DbContext context, out OutboxSession session) => Sessions.TryGetValue(context, out session!);

    /// <summary>Ends the session. A pooled context serves other scopes after this one, and they start with nothing.</summary>
    public static void End(DbContext context) => Sessions.Remove(context);

    /// <summary>Turns the message into a row of the context's next SaveChanges.</summary>
    public void Add<T>(SendContext<T> context)
        where T : class
    {
        OutboxTracing.Keep(context);
        var row = ToRow(context);

        // Publishes of one scope may run in parallel; a DbContext may not.
        lock (_unsaved)
        {
            _context.Add(row);
            _unsaved.Add(row);
        }
    }

    /// <summary>The rows that the SaveChanges which is about to run will insert. Those that somebody detached are forgotten.</summary>
    public OutboxMessage[] Unsaved()
    {
        lock (_unsaved)
        {
            _unsaved.RemoveAll(x => _context.Entry(x).State is not EntityState.Added);

            return [.. _unsaved];
        }
    }

    /// <summary>The rows that the SaveChanges which has just run has inserted: the database has numbered them.</summary>
    public OutboxMessage[] TakeSaved()
    {
        lock (_unsaved)
        {
            OutboxMessage[] saved = [.. _unsaved.Where(x => x.SequenceNumber > 0)];
            _unsaved.RemoveAll(x => x.SequenceNumber > 0);

            return saved;
        }
    }

    /// <summary>Types of the messages that were captured and never saved.</summary>
    public string[] UnsavedTypes()
    {
        lock (_unsaved)
            return [.. _unsaved.Select(x => x.MessageType.Split(';')[0])];
    }

    private static OutboxMessage ToRow<T>(SendContext<T> context)
        where T : class
    {
        var messageId = context.MessageId ?? throw new MessageException(typeof(T), "The outbox needs a MessageId.");
        var body = context.Serializer.GetMessageBody(context);
        var bytes = body.GetBytes();
        var sent = context.SentTime ?? messageId.ToNewId().Timestamp;

        return new OutboxMessage
        {
            MessageId = messageId,
            ConversationId = context.ConversationId,
            CorrelationId = context.CorrelationId,
            InitiatorId = context.InitiatorId,
            RequestId = context.RequestId,
            SourceAddress = context.SourceAddress,
            DestinationAddress = context.DestinationAddress,
            ResponseAddress = context.ResponseAddress,
            FaultAddress = context.FaultAddress,
            SentTime = sent,
            ExpirationTime = sent + context.TimeToLive,
            EnqueueTime = sent + context.Delay,
            NextAttempt = sent + context.Delay,
            ContentType = (context.ContentType ?? context.Serialization.DefaultContentType).ToString(),
            MessageType = string.Join(';', context.SupportedMessageTypes),
            Headers = Json(context.Headers.GetAll()),
            Properties = context is TransportSendContext transport ? Json(PropertiesOf(transport)) : null,
            Body = body.GetString(),
            BodyBytes = bytes
        };
    }

    private static Dictionary<string, object> PropertiesOf(TransportSendContext context)
    {
        var properties = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        context.WritePropertiesTo(properties);

        return properties;
    }

    private static string? Json(IEnumerable<KeyValuePair<string, object>> values) =>
        SystemTextJsonMessageSerializer.Instance.SerializeDictionary(values);
}
