using System.Collections.Concurrent;
using Games.Bench.Driving;
using Games.Bench.Showing;

namespace Games.Bench.Chaos;

/// <summary>
/// Clients that take the two APIs in turn. A request that fails is counted and not repeated; its client goes to the other API for a while, as
/// one behind a load balancer would.
/// </summary>
internal sealed class FireLoad(IReadOnlyList<GamePoster> apis, Progress progress, int clients)
{
    private const int PostsElsewhere = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ConcurrentBag<string> failures = [];
    private int posted;

    /// <summary>Requests that were sent; their numbers are 1 to this.</summary>
    public int Posted => Volatile.Read(ref posted);

    public IReadOnlyDictionary<string, int> Failures => failures.CountBy(failure => failure).OrderByDescending(failure => failure.Value).ToDictionary();

    /// <summary>Posts until enough games are accepted.</summary>
    /// <returns>False if none was accepted for <paramref name="patience"/> although the clients were free to post.</returns>
    public async Task<bool> RunAsync(TimeSpan patience, IPhase phase, CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var posting = Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => ClientAsync(client, phase, ending.Token), CancellationToken.None)));
        var (last, still) = (0, TimeSpan.Zero);
        while (!posting.IsCompleted && still < patience)
        {
            await Task.WhenAny(posting, Task.Delay(Look, CancellationToken.None));
            var count = progress.Count;
            (last, still) = (count, count > last || progress.IsHeld ? TimeSpan.Zero : still + Look);
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

    private async Task ClientAsync(int client, IPhase phase, CancellationToken ct)
    {
        var (api, elsewhere) = (client % apis.Count, 0);
        while (await progress.AdmittedAsync(ct))
        {
            var answer = await apis[api].PostAsync(Interlocked.Increment(ref posted), ct);
            if (answer.Accepted)
            {
                progress.Accept(answer.GameId);
                phase.Reached(progress.Count);
                if (elsewhere-- <= 0)
                    (api, elsewhere) = ((api + 1) % apis.Count, 0);
                continue;
            }

            failures.Add(answer.Refusal!);
            (api, elsewhere) = ((api + 1) % apis.Count, PostsElsewhere);
            await Task.Delay(Pause, ct);
        }
    }
}
