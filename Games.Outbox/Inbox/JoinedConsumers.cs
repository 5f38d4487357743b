using MassTransit;

namespace Games.Outbox.Inbox;

/// <summary>The deliveries of a shared transaction whose consumers leave their messages to one call for all of them.</summary>
internal sealed class JoinedConsumers
{
    private readonly List<Call> _made = [];
    private List<Call> _waiting = [];
    private bool _isOver;

    /// <summary>Whether somebody has joined who waits for the call.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_made)
                return _waiting.Count > 0;
        }
    }

    public Task Add<T>(SharedDelivery delivery, ConsumeContext<T> message, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
        where T : class
    {
        lock (_made)
        {
            if (_isOver)
                return Task.FromException(new InvalidOperationException("The shared transaction is over; the message is consumed again, alone."));

            // A consumer of several messages has one call for each type. The first that joins makes it, on its own context.
            var call = _waiting.OfType<Call<T>>().FirstOrDefault();
            if (call is null)
                _waiting.Add(call = new(consume));

            return call.Add(delivery, message);
        }
    }

    /// <summary>
    /// Makes the calls for those who have joined, then lets their consumers go on, one after the other: they share a connection. False with the
    /// first that fails.
    /// </summary>
    public async Task<bool> ConsumeAsync()
    {
        List<Call> calls;
        lock (_made)
        {
            calls = _waiting;
            _waiting = [];
            _made.AddRange(calls);
        }

        foreach (var call in calls)
        {
            if (!await call.ConsumeAsync())
                return false;
        }

        return true;
    }

    /// <summary>Waits until no consumer is at work: the calls of those that still wait are cancelled.</summary>
    public async Task EndAsync()
    {
        lock (_made)
        {
            _isOver = true;
            _made.AddRange(_waiting);
        }

        foreach (var call in _made)
            await call.EndAsync();
    }

    private abstract class Call
    {
        public abstract Task<bool> ConsumeAsync();

        public abstract Task EndAsync();
    }

    private sealed class Call<T>(Func<IReadOnlyList<ConsumeContext<T>>, Task> consume) : Call
        where T : class
    {
        // It is the consumer of the first that is called, as if it called itself.
        private readonly Surroundings _surroundings = new();
        private readonly List<ConsumeContext<T>> _messages = [];
        private readonly List<(SharedDelivery Delivery, TaskCompletionSource Consumed)> _members = [];

        public Task Add(SharedDelivery delivery, ConsumeContext<T> message)
        {
            // Each goes on within the runner, which would only wait for it.
            var consumed = new TaskCompletionSource();
            _messages.Add(message);
            _members.Add((delivery, consumed));

            return consumed.Task;
        }

        public override async Task<bool> ConsumeAsync()
        {
            try
            {
                await _surroundings.Run(() => consume(_messages));
            }
            catch (Exception exception)
            {
                // It is theirs: as if each had failed by itself.
                foreach (var (_, consumed) in _members)
                    consumed.TrySetException(exception);
            }

            foreach (var (delivery, consumed) in _members)
            {
                consumed.TrySetResult();
                if (!await delivery.Worked)
                    return false;
            }

            return true;
        }

        public override async Task EndAsync()
        {
            foreach (var (delivery, consumed) in _members)
            {
                consumed.TrySetCanceled();
                await delivery.Worked;
            }
        }
    }
}
