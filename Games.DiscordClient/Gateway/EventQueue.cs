using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Gateway;

/// <summary>
/// The events of a shard between its connections, which must not wait, and the handler, which may. The sequence of an event is saved after it was
/// handled: whoever resumes from there misses none.
/// </summary>
internal sealed partial class EventQueue(
    int shard, int length, ISessionStore store, Func<GatewayEvent, CancellationToken, Task> handle, ILogger logger)
{
    private readonly Channel<(GatewayEvent Event, GatewaySession Session)> _events =
        Channel.CreateBounded<(GatewayEvent, GatewaySession)>(new BoundedChannelOptions(length) { SingleReader = true });

    private volatile TaskCompletionSource _hasRoom = Completed();

    /// <summary>False if there are too many: it is not taken.</summary>
    public bool TryAdd(GatewayEvent received, GatewaySession session)
    {
        if (_events.Writer.TryWrite((received, session with { Sequence = received.Sequence })))
            return true;

        _hasRoom = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return false;
    }

    /// <summary>Waits, after one was not taken, until half of them are handled.</summary>
    public async Task WaitForRoomAsync(CancellationToken ct)
    {
        if (_events.Reader.Count > length / 2)
            await _hasRoom.Task.WaitAsync(ct);
    }

    public async Task HandleAsync(CancellationToken ct)
    {
        await foreach (var (received, session) in _events.Reader.ReadAllAsync(ct))
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

            if (_events.Reader.Count <= length / 2)
                _hasRoom.TrySetResult();
            await SaveAsync(session, ct);
        }
    }

    private async Task SaveAsync(GatewaySession session, CancellationToken ct)
    {
        // Each sequence includes those before it.
        if (_events.Reader.Count > 0 && session.Sequence % 50 != 0)
            return;

        try
        {
            await store.SaveAsync(shard, session, ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogNotSaved(shard, session.Sequence, failure.GetBaseException().Message);
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
