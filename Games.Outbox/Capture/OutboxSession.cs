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
    public void Add<T>(SendContext<T> context, CaptureSettings settings)
        where T : class
    {
        var row = OutboxMessageFactory.Create(context, settings);

        // Publishes of one scope may run in parallel; a DbContext may not.
        lock (_unsaved)
        {
            _context.Add(row);
            _unsaved.Add(row);
        }
    }

    /// <summary>Says that a save has succeeded: it has inserted what the context tracked, and what it no longer tracked was dropped.</summary>
    /// <param name="cancelled">What it has deleted.</param>
    public void Saved(Guid[] cancelled)
    {
        lock (_unsaved)
        {
            _unsaved.Clear();
            _cancelled.ExceptWith(cancelled);
        }

        SaveFailed = false;
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

    /// <summary>Types of the messages that were captured and never saved.</summary>
    public string[] UnsavedTypes()
    {
        lock (_unsaved)
            return [.. _unsaved.Select(x => x.MessageType.Split(';')[0])];
    }

    /// <summary>By the event and not by the interceptor, which EF Core does not call for a DbUpdateConcurrencyException.</summary>
    private void OnSaveChangesFailed(object? sender, SaveChangesFailedEventArgs save) => SaveFailed = true;
}
