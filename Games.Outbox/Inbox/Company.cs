using MassTransit;

namespace Games.Outbox.Inbox;

/// <summary>The deliveries of a shared transaction whose consumers leave their messages to one call for all of them.</summary>
internal sealed class Company
{
    private readonly List<Call> _calls = [];
    private bool _isClosed;

    public Task Add<T>(Delivery delivery, ConsumeContext<T> message, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
        where T : class
    {
        // Only a retry within the transaction comes that late, and there is nothing left to be saved in it.
        if (_isClosed)
            return Task.FromException(new InvalidOperationException("The shared transaction has failed; the message is consumed again, alone."));

        // A consumer of several messages has one call for each type. The first that joins makes it, on its own context.
        var call = _calls.OfType<Call<T>>().FirstOrDefault();
        if (call is null)
            _calls.Add(call = new(consume));

        return call.Add(delivery, message);
    }

    /// <summary>Makes the calls, then lets the consumers that joined go on, one after the other: they share a connection. False with the first that fails.</summary>
    public async Task<bool> ConsumeAsync()
    {
        _isClosed = true;
        foreach (var call in _calls)
        {
            if (!await call.ConsumeAsync())
                return false;
        }

        return true;
    }

    /// <summary>Waits until no consumer is at work: those that still wait are told that it came to nothing.</summary>
    public async Task EndAsync()
    {
        _isClosed = true;
        foreach (var call in _calls)
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
        private readonly List<ConsumeContext<T>> _messages = [];
        private readonly List<(Delivery Delivery, TaskCompletionSource Consumed)> _members = [];

        public Task Add(Delivery delivery, ConsumeContext<T> message)
        {
            var consumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _messages.Add(message);
            _members.Add((delivery, consumed));

            return consumed.Task;
        }

        public override async Task<bool> ConsumeAsync()
        {
            try
            {
                await consume(_messages);
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
