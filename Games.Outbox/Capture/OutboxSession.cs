using System.Runtime.CompilerServices;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
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
    private readonly HashSet<Guid> _cancelled = [];

    private OutboxSession(DbContext context)
    {
        _context = context;
        _context.SaveChangesFailed += OnSaveChangesFailed;
    }

    /// <summary>Whether a SaveChanges with captured messages failed: its caller knows already that they were not published.</summary>
    public bool SaveFailed { get; set; }

    /// <summary>Whether a command of this context failed: if somebody caught that, PostgreSQL has given the transaction up all the same.</summary>
    public bool CommandFailed { get; set; }

    /// <summary>What the transaction that EF Core is about to begin has to do first.</summary>
    public SavingWork? Work { get; set; }

    /// <summary>What the context's AutoTransactionBehavior was before such work made it always begin one.</summary>
    public AutoTransactionBehavior? UsualTransactions { get; set; }

    public static bool IsTransactionKey(string? key) => key?.StartsWith(TransactionKeyPrefix, StringComparison.Ordinal) ?? false;

    public static OutboxSession For(DbContext context) => Sessions.GetValue(context, static x => new(x));

    public static bool TryFind(DbContext context, out OutboxSession session) => Sessions.TryGetValue(context, out session!);

    /// <summary>Ends the session. A pooled context serves other scopes after this one, and they start with nothing.</summary>
    public static void End(DbContext context)
    {
        if (!TryFind(context, out var session))
            return;

        context.SaveChangesFailed -= session.OnSaveChangesFailed;
        Sessions.Remove(context);
    }

    /// <summary>Makes the message a row of the context's next SaveChanges.</summary>
    public void Add<T>(SendContext<T> context, OrderingKeys orderingKeys)
        where T : class
    {
        var row = OutboxMessageFactory.Create(context, orderingKeys);

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
            // Entry() compares all properties of the entity, which the save does anyway.
            var tracker = _context.ChangeTracker;
            var detects = tracker.AutoDetectChangesEnabled;
            tracker.AutoDetectChangesEnabled = false;
            try
            {
                _unsaved.RemoveAll(x => _context.Entry(x).State is not EntityState.Added);
            }
            finally
            {
                tracker.AutoDetectChangesEnabled = detects;
            }

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

    /// <summary>Deletes the scheduled messages with this token with the context's next SaveChanges.</summary>
    public void Cancel(Guid token)
    {
        lock (_unsaved)
        {
            foreach (var row in _unsaved.Where(x => x.SchedulingToken == token))
                _context.Entry(row).State = EntityState.Detached;

            if (_unsaved.RemoveAll(x => x.SchedulingToken == token) == 0)
                _cancelled.Add(token);
        }
    }

    /// <summary>Tokens of the messages that the SaveChanges which is about to run has to delete.</summary>
    public Guid[] Cancelled()
    {
        lock (_unsaved)
            return _cancelled.Count == 0 ? [] : [.. _cancelled];
    }

    /// <summary>Says that they are deleted.</summary>
    public void ForgetCancelled()
    {
        lock (_unsaved)
            _cancelled.Clear();
    }

    /// <summary>Types of the messages that were captured and never saved.</summary>
    public string[] UnsavedTypes()
    {
        lock (_unsaved)
            return [.. _unsaved.Select(x => x.MessageType.Split(';')[0])];
    }

    /// <summary>By the event and not by the interceptor, which EF Core does not call for a DbUpdateConcurrencyException.</summary>
    private void OnSaveChangesFailed(object? sender, SaveChangesFailedEventArgs save)
    {
        SavingTransaction.End(_context, this);
        SaveFailed = true;
    }
}
