namespace Games.DiscordClient.Gateway;

/// <summary>Beats at the interval that HELLO names, the first time somewhere within it, and gives up when a beat was not acknowledged.</summary>
internal sealed class Heartbeat(GatewaySocket socket, TimeProvider time)
{
    private const long None = -1;

    private long _sequence = None;
    private volatile bool _isAcknowledged = true;

    /// <summary>Each beat tells the sequence of the last event.</summary>
    public void Received(long sequence) => Volatile.Write(ref _sequence, sequence);

    public void Acknowledged() => _isAcknowledged = true;

    public Task BeatAsync(CancellationToken ct) =>
        socket.SendAsync(op: 1, Volatile.Read(ref _sequence) is var sequence and not None ? sequence : null, isHeartbeat: true, ct);

    /// <exception cref="GatewayClosedException">The last beat was not acknowledged: the line is dead though nothing has said so.</exception>
    public async Task RunAsync(TimeSpan interval, CancellationToken ct)
    {
        await Task.Delay(interval * Random.Shared.NextDouble(), time, ct);
        while (true)
        {
            if (!_isAcknowledged)
                throw new GatewayClosedException(null, "a heartbeat was not acknowledged");

            _isAcknowledged = false;
            await BeatAsync(ct);
            await Task.Delay(interval, time, ct);
        }
    }
}
