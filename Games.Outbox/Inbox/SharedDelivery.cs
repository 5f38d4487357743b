using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Inbox;

/// <summary>
/// One delivery among those that may share a transaction: how it is to run, what became of its consumer, and how the transaction ended.
/// </summary>
internal sealed class SharedDelivery(DbContext context, Guid messageId, Guid consumerId, DateTime? expires) : IDisposable
{
    private readonly TaskCompletionSource<Turn> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _worked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JoinedConsumers? _joinedConsumers;

    public DbContext Context => context;
    public Guid MessageId => messageId;
    public Guid ConsumerId => consumerId;
    public DateTime? Expires => expires;

    /// <summary>For the delivery: how it is to run its consumer.</summary>
    public Task<Turn> Turn => _turn.Task;

    /// <summary>For the delivery: whether the shared transaction is committed. If not, nothing of it has happened.</summary>
    public Task<bool> Committed => _ended.Task;

    /// <summary>Whether the consumer has succeeded in the shared transaction.</summary>
    public Task<bool> Worked => _worked.Task;

    public Task Over => _over.Task;

    public Surroundings Surroundings { get; } = new();

    /// <summary>By the delivery: whether its consumer has succeeded.</summary>
    public void ConsumerEnded(bool worked) => _worked.TrySetResult(worked);

    /// <summary>By the consumer: leaves its message to one call for all that join. The task ends as that call does.</summary>
    public Task JoinAsync<T>(ConsumeContext<T> message, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
        where T : class
    {
        // A retry within the transaction comes again, when there is nothing left to be saved in it.
        if (_joined.Task.IsCompleted)
            return Task.FromException(new InvalidOperationException("The shared transaction has failed; the message is consumed again, alone."));

        var consumed = _joinedConsumers!.Add(this, message, consume);
        _joined.TrySetResult();

        return consumed;
    }

    public void RunAlone() => _turn.TrySetResult(Inbox.Turn.Alone);

    /// <summary>Lets the consumer run until it is done or has joined.</summary>
    public async Task<Progress> RunTogetherAsync(bool isNew, JoinedConsumers joinedConsumers)
    {
        _joinedConsumers = joinedConsumers;
        _turn.TrySetResult(isNew ? Inbox.Turn.New : Inbox.Turn.Repeat);
        await Task.WhenAny(_worked.Task, _joined.Task);

        return !_worked.Task.IsCompleted ? Progress.Joined : await _worked.Task ? Progress.Worked : Progress.Failed;
    }

    public void End(bool committed)
    {
        _ended.TrySetResult(committed);
        RunAlone();
    }

    public void Dispose() => _over.TrySetResult();
}

internal enum Turn
{
    /// <summary>In a transaction of its own.</summary>
    Alone,

    /// <summary>In the shared transaction, which has inserted its inbox row.</summary>
    New,

    /// <summary>In the shared transaction; it was consumed before.</summary>
    Repeat
}

internal enum Progress
{
    Failed,
    Worked,

    /// <summary>The consumer waits for the call that is for all who have joined.</summary>
    Joined
}
