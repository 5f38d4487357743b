using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Gateway;

/// <summary>
/// The events of a shard between its connections, which must not wait, and the handler, which may. Interactions are handled at once, beside the
/// others: Discord waits for 3 s. A session is saved up to the last event before which all are handled: whoever resumes from there misses none.
/// </summary>
internal sealed partial class EventQueue(
    int shard, GatewayOptions options, ISessionStore store, Func<GatewayEvent, CancellationToken, Task> handle, ILogger logger)
{
    private const string Interaction = "INTERACTION_CREATE";

    /// <summary>While more are waiting it is not saved after each.</summary>
    private const int SaveEvery = 50;

    private readonly Channel<(GatewayEvent Event, GatewaySession Session)> _events =
        Channel.CreateBounded<(GatewayEvent, GatewaySession)>(
            new BoundedChannelOptions(options.QueueLength) { SingleReader = true, SingleWriter = true });

    private readonly Lock _lock = new();
    private readonly HashSet<GatewaySession> _unhandled = [];
    private readonly SemaphoreSlim _saving = new(1);
    private GatewaySession? _begun;
    private GatewaySession? _saved;
    private CancellationToken _stopping;

    private volatile TaskCompletionSource _hasRoom = Completed();

    /// <summary>False if there are too many: it is not taken.</summary>
    public bool TryAdd(GatewayEvent received, GatewaySession session)
    {
        session = session with { Sequence = received.Sequence };
        // Nobody else adds any, so that there is still room below.
        if (_events.Reader.Count >= options.QueueLength)
        {
            _hasRoom = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return false;
        }

        if (received.Type == Interaction)
        {
            lock (_lock)
                _unhandled.Add(session);
            _ = Task.Run(() => HandleAndSaveAsync(received, session, _stopping), CancellationToken.None);
        }

        return _events.Writer.TryWrite((received, session));
    }

    /// <summary>Waits, after one was not taken, until half of them are handled.</summary>
    public async Task WaitForRoomAsync(CancellationToken ct)
    {
        if (_events.Reader.Count > options.QueueLength / 2)
            await _hasRoom.Task.WaitAsync(ct);
    }

    /// <summary>To be called before any is added.</summary>
    public Task HandleAsync(CancellationToken ct)
    {
        _stopping = ct;
        return HandleAllAsync(ct);
    }

    private async Task HandleAllAsync(CancellationToken ct)
    {
        using var atOnce = new SemaphoreSlim(options.HandledAtOnce);
        try
        {
            await foreach (var (received, session) in _events.Reader.ReadAllAsync(ct))
            {
                if (_events.Reader.Count <= options.QueueLength / 2)
                    _hasRoom.TrySetResult();
                if (received.Type != Interaction)
                {
                    await atOnce.WaitAsync(ct);
                    lock (_lock)
                        _unhandled.Add(session);
                }

                lock (_lock)
                    _begun = session;
                if (received.Type != Interaction)
                    _ = HandleAndReleaseAsync(received, session);
            }
        }
        finally
        {
            // All are broken off by now, or about to be.
            for (var i = 0; i < options.HandledAtOnce; i++)
                await atOnce.WaitAsync(CancellationToken.None);
        }

        async Task HandleAndReleaseAsync(GatewayEvent received, GatewaySession session)
        {
            await HandleAndSaveAsync(received, session, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            atOnce.Release();
        }
    }

    private async Task HandleAndSaveAsync(GatewayEvent received, GatewaySession session, CancellationToken ct)
    {
        await HandleOneAsync(received, ct);
        // What was broken off is left to whoever resumes.
        ct.ThrowIfCancellationRequested();
        lock (_lock)
            _unhandled.Remove(session);
        await SaveAsync(ct);
    }

    private async Task HandleOneAsync(GatewayEvent received, CancellationToken ct)
    {
        try
        {
            await handle(received, ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            // What is to be tried again, the handler tries again: one event must not hold all others for ever.
            LogFailed(received.Type, received.Sequence, shard, failure);
        }
    }

    private async Task SaveAsync(CancellationToken ct)
    {
        await _saving.WaitAsync(ct);
        try
        {
            if (Savable() is not { } session || session == _saved
                || _events.Reader.Count > 0 && session.Id == _saved?.Id && session.Sequence - _saved.Sequence < SaveEvery)
            {
                return;
            }

            await store.SaveAsync(shard, session, ct);
            _saved = session;
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogNotSaved(shard, _begun!.Sequence, failure.GetBaseException().Message);
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Each sequence includes those before it: the last before the first that is not handled.</summary>
    private GatewaySession? Savable()
    {
        lock (_lock)
        {
            var first = _unhandled.Where(x => x.Id == _begun?.Id).Select(x => x.Sequence).DefaultIfEmpty(long.MaxValue).Min();
            return _begun is not null && first <= _begun.Sequence ? _begun with { Sequence = first - 1 } : _begun;
        }
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    [LoggerMessage(LogLevel.Error, "{Type} (sequence {Sequence}, shard {Shard}) was not handled")]
    private partial void LogFailed(string type, long sequence, int shard, Exception failure);

    [LoggerMessage(LogLevel.Warning, "The session of shard {Shard} was not saved at sequence {Sequence}: {Reason}")]
    private partial void LogNotSaved(int shard, long sequence, string reason);
}
