using System.Diagnostics;
using Games.Bench.Showing;

namespace Games.Bench.Driving;

/// <summary>A number of clients, each of which posts its next game as soon as its last is answered: how much the system takes.</summary>
internal static class ClosedLoop
{
    public static async Task<Answers> RunAsync(GamePoster poster, int games, int clients, IProgress<double> phase, CancellationToken ct)
    {
        var answers = new Answer[games];
        var milliseconds = new double[games];
        var next = -1;
        var started = Stopwatch.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(ClientAsync, ct))).ConfigureAwait(false);

        return Answers.Of(answers, milliseconds, Stopwatch.GetElapsedTime(started));

        async Task ClientAsync()
        {
            for (var number = Interlocked.Increment(ref next); number < games; number = Interlocked.Increment(ref next))
            {
                var sent = Stopwatch.GetTimestamp();
                answers[number] = await poster.PostAsync(number, ct).ConfigureAwait(false);
                milliseconds[number] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                phase.Report(number + 1);
            }
        }
    }
}
