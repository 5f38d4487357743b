using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Gateway;

/// <summary>Keeps one shard connected: resumes its session as long as there is one, and begins another when there is none.</summary>
internal sealed partial class GatewayShard(
    int shard, int shards, GatewayOptions options, IdentifyTurns turns, ISessionStore store,
    Func<GatewayEvent, CancellationToken, Task> handle, TimeProvider time, ILogger logger)
{
    /// <summary>How often RESUME may come to nothing before a new session is begun.</summary>
    private const int MaxResumes = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>A connection that has lived for so long was a good one.</summary>
    private static readonly TimeSpan Good = TimeSpan.FromSeconds(30);

    private readonly EventQueue _events = new(shard, options, store, handle, logger);
    private GatewaySession? _session;
    private int _failures;
    private int _failedResumes;
    private int _unreachable;

    /// <summary>Why it has no connection; null while it has one.</summary>
    public string? Problem { get; private set; } = "not connected yet";

    /// <summary>Until it is cancelled.</summary>
    /// <exception cref="GatewayRefusedException">To try again would not help.</exception>
    public async Task RunAsync(string url, CancellationToken ct)
    {
        _session = await store.LoadAsync(shard, ct) is { } stored && stored.Shards == shards ? stored : null;
        using var handling = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var handled = _events.HandleAsync(handling.Token);
        try
        {
            while (!ct.IsCancellationRequested)
            {
                await _events.WaitForRoomAsync(ct);
                var turn = _session is null ? await turns.TakeAsync(shard, ct) : null;
                url = turn?.Url ?? url;
                await ConnectAsync(url, turn, ct);
            }
        }
        finally
        {
            await handling.CancelAsync();
            await handled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ConnectAsync(string url, IdentifyTurns.Turn? turn, CancellationToken ct)
    {
        ConnectionEnd end;
        var isResume = _session is not null;
        using (turn)
        await using (var connection = new GatewayConnection(shard, shards, options, _events, _session, turn, IsReady, time))
        {
            end = await connection.RunAsync(_unreachable < MaxResumes && _session?.ResumeUrl is { } resume ? resume : url, ct);
            _session = connection.Session;
        }

        if (ct.IsCancellationRequested)
            return;

        Problem = end.Reason;
        if (end.Aftermath is Aftermath.Fatal)
            throw new GatewayRefusedException(end.Code!.Value, CloseCodes.MeaningOf(end.Code.Value));

        _unreachable = end.WasConnected ? 0 : _unreachable + 1;
        _failedResumes = isResume && end is { WasConnected: true, WasReady: null } ? _failedResumes + 1 : 0;
        if (end.Aftermath is Aftermath.Identify || _failedResumes >= MaxResumes)
            (_session, _failedResumes) = (null, 0);

        _failures = end.WasReady is { } since && time.GetUtcNow() - since >= Good ? 0 : _failures + 1;
        var pause = end.IsInvalid ? TimeSpan.FromSeconds(1 + 4 * Random.Shared.NextDouble()) : TimeSpan.Zero;
        pause = Pause(_failures) is var growing && growing > pause ? growing : pause;
        LogEnded(shard, end.Reason, _session is null ? "a new session" : "resumed", pause.TotalSeconds);
        await Task.Delay(pause, time, ct);
    }

    private void IsReady(GatewaySession session)
    {
        Problem = null;
        LogReady(shard, shards, session.Sequence);
    }

    private static TimeSpan Pause(int failures)
    {
        if (failures == 0)
            return TimeSpan.Zero;

        var whole = Math.Min(FirstPause.TotalSeconds * Math.Pow(2, failures - 1), LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(whole * (0.5 + 0.5 * Random.Shared.NextDouble()));
    }

    [LoggerMessage(LogLevel.Information, "The gateway's shard {Shard} of {Shards} is connected, at sequence {Sequence}")]
    private partial void LogReady(int shard, int shards, long sequence);

    [LoggerMessage(LogLevel.Information, "The gateway's shard {Shard} has lost its connection ({Reason}): {Next} in {Pause:F1} s")]
    private partial void LogEnded(int shard, string reason, string next, double pause);
}
