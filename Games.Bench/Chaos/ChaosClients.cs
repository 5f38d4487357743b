using System.Collections.Concurrent;
using Games.Bench.Mix;
using Games.Bench.Showing;

namespace Games.Bench.Chaos;

/// <summary>
/// Clients that send to the APIs in turn, or to the one address before them. A failed request is counted and not repeated; its client uses the next
/// API for a while, as one behind a load balancer would.
/// </summary>
/// <param name="apis">Each sends the request of a number to its API.</param>
internal sealed class ChaosClients(IReadOnlyList<Func<int, CancellationToken, Task<MixedRequest>>> apis, AcceptedGames accepted, int clients)
{
    private const int PostsAfterFailover = 20;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentBag<string> _failures = [];
    private readonly ConcurrentBag<MixedRequest> _done = [];
    private int _refused;
    private int _stale;
    private int _posted;

    /// <summary>Requests that were sent; their numbers are 1 to this.</summary>
    public int Posted => Volatile.Read(ref _posted);

    /// <summary>Those that were answered as done.</summary>
    public IReadOnlyCollection<MixedRequest> Done => _done;

    /// <summary>Refusals as they should be: of games that were cancelled meanwhile.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>412s, repeated with the new ETag.</summary>
    public int Stale => Volatile.Read(ref _stale);

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
            var answer = await apis[api](Interlocked.Increment(ref _posted), ct);
            Interlocked.Add(ref _stale, answer.Stale);
            if (answer.IsExpected)
            {
                Interlocked.Increment(ref _refused);
                continue;
            }
            if (answer.IsDone)
            {
                _done.Add(answer);
                if (answer.Kind is RequestKind.Create)
                    accepted.Add(answer.GameId);
                else
                    accepted.AddChange();
                phase.Report(accepted.Count);
                if (failedOver-- <= 0)
                    (api, failedOver) = ((api + 1) % apis.Count, 0);
                continue;
            }

            _failures.Add(answer.Kind is RequestKind.Create ? answer.Refusal! : $"{answer.Kind}: {answer.Refusal}");
            (api, failedOver) = ((api + 1) % apis.Count, PostsAfterFailover);
            await Task.Delay(PauseAfterFailure, ct);
        }
    }
}
