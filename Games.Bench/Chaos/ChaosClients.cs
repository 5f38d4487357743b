using System.Collections.Concurrent;
using Games.Bench.Driving;
using Games.Bench.Showing;

namespace Games.Bench.Chaos;

/// <summary>
/// Clients that post to the two APIs in turn. A failed request is counted and not repeated; its client uses the other API for a while, as one
/// behind a load balancer would.
/// </summary>
internal sealed class ChaosClients(IReadOnlyList<GamePoster> apis, AcceptedGames accepted, int clients)
{
    private const int PostsAfterFailover = 20;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentBag<string> _failures = [];
    private int _posted;

    /// <summary>Requests that were sent; their numbers are 1 to this.</summary>
    public int Posted => Volatile.Read(ref _posted);

    public IReadOnlyDictionary<string, int> Failures =>
        _failures.CountBy(failure => failure).OrderByDescending(failure => failure.Value).ToDictionary();

    /// <summary>Posts until enough games are accepted.</summary>
    /// <returns>False if none was accepted for <paramref name="timeout"/> although the clients were free to post.</returns>
    public async Task<bool> RunAsync(TimeSpan timeout, IProgress<double> phase, CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var posting = Task.WhenAll(
            Enumerable.Range(0, clients).Select(client => Task.Run(() => ClientAsync(client, phase, ending.Token), CancellationToken.None)));
        var (last, stalled) = (0, TimeSpan.Zero);
        while (!posting.IsCompleted && stalled < timeout)
        {
            await Task.WhenAny(posting, Task.Delay(PollInterval, CancellationToken.None));
            var count = accepted.Count;
            (last, stalled) = (count, count > last || accepted.IsHeld ? TimeSpan.Zero : stalled + PollInterval);
        }

        var enough = posting.IsCompleted;
        await ending.CancelAsync();
        try
        {
            await posting;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
        return enough;
    }

    private async Task ClientAsync(int client, IProgress<double> phase, CancellationToken ct)
    {
        var (api, failedOver) = (client % apis.Count, 0);
        while (await accepted.MayPostAsync(ct))
        {
            var answer = await apis[api].PostAsync(Interlocked.Increment(ref _posted), ct);
            if (answer.Accepted)
            {
                accepted.Add(answer.GameId);
                phase.Report(accepted.Count);
                if (failedOver-- <= 0)
                    (api, failedOver) = ((api + 1) % apis.Count, 0);
                continue;
            }

            _failures.Add(answer.Refusal!);
            (api, failedOver) = ((api + 1) % apis.Count, PostsAfterFailover);
            await Task.Delay(PauseAfterFailure, ct);
        }
    }
}
