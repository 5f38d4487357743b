using System.Diagnostics;
using Games.Bench.Showing;

namespace Games.Bench.Driving;

/// <summary>
/// Games at a constant rate, whether or not the earlier ones are answered: how long one takes. A request's time counts from the moment it was
/// due, so a stall of the system shows in every request that it held up (no coordinated omission).
/// </summary>
internal static class OpenLoop
{
    public static async Task<Answers> RunAsync(GamePoster poster, double rate, int seconds, IProgress<double> phase, CancellationToken ct)
    {
        var games = Math.Max(1, (int)(rate * seconds));
        var answers = new Answer[games];
        var milliseconds = new double[games];
        var posts = new Task[games];
        var started = Stopwatch.GetTimestamp();

        for (var number = 0; number < games; number++)
        {
            var due = TimeSpan.FromSeconds(number / rate);
            if (due - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
                // Up to the next millisecond: a delay cuts off what is less, and the request would leave before it is due.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), ct).ConfigureAwait(false);
            posts[number] = PostAsync(number, due);
            phase.Report(number + 1);
        }
        await Task.WhenAll(posts).ConfigureAwait(false);

        return Answers.Of(answers, milliseconds, Stopwatch.GetElapsedTime(started));

        async Task PostAsync(int number, TimeSpan due)
        {
            answers[number] = await poster.PostAsync(number, ct).ConfigureAwait(false);
            milliseconds[number] = (Stopwatch.GetElapsedTime(started) - due).TotalMilliseconds;
        }
    }
}
