using System.Diagnostics;
using Games.Bench.Showing;

namespace Games.Bench.Driving;

/// <summary>A number of clients, each of which sends its next request as soon as its last is answered: how much the system takes.</summary>
internal static class ClosedLoop
{
    public static async Task<Answers> RunAsync(GamePoster poster, int games, int clients, IProgress<double> phase, CancellationToken ct)
    {
        var (answers, milliseconds, duration) = await RunAsync(poster.PostAsync, games, clients, phase, ct).ConfigureAwait(false);
        return Answers.Of(answers, milliseconds, duration);
    }

    /// <param name="send">Gets the number of the request, from 0.</param>
    /// <returns>The answers and how long each took, in the order of their numbers, and how long all took together.</returns>
    public static async Task<(T[] Answers, double[] Milliseconds, TimeSpan Duration)> RunAsync<T>(
        Func<int, CancellationToken, Task<T>> send, int requests, int clients, IProgress<double> phase, CancellationToken ct)
    {
        var answers = new T[requests];
        var milliseconds = new double[requests];
        var next = -1;
        var started = Stopwatch.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(ClientAsync, ct))).ConfigureAwait(false);

        return (answers, milliseconds, Stopwatch.GetElapsedTime(started));

        async Task ClientAsync()
        {
            for (var number = Interlocked.Increment(ref next); number < requests; number = Interlocked.Increment(ref next))
            {
                var sent = Stopwatch.GetTimestamp();
                answers[number] = await send(number, ct).ConfigureAwait(false);
                milliseconds[number] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                phase.Report(number + 1);
            }
        }
    }
}
