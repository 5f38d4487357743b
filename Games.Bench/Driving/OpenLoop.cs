using System.Diagnostics;
using Games.Bench.Showing;

namespace Games.Bench.Driving;

/// <summary>
/// Requests at a constant rate, whether or not the earlier ones are answered: how long one takes. A request's time counts from the moment it was
/// due, so a stall of the system shows in every request that it held up (no coordinated omission).
/// </summary>
internal static class OpenLoop
{
    public static async Task<Answers> RunAsync(GamePoster poster, double rate, int seconds, IProgress<double> phase, CancellationToken ct)
    {
        var (answers, milliseconds, duration) = await RunAsync(poster.PostAsync, rate, seconds, phase, ct).ConfigureAwait(false);
        return Answers.Of(answers, milliseconds, duration);
    }

    /// <param name="send">Gets the number of the request, from 0.</param>
    /// <returns>The answers and how long each took since it was due, in the order of their numbers, and how long all took together.</returns>
    public static async Task<(T[] Answers, double[] Milliseconds, TimeSpan Duration)> RunAsync<T>(
        Func<int, CancellationToken, Task<T>> send, double rate, int seconds, IProgress<double> phase, CancellationToken ct)
    {
        var requests = Math.Max(1, (int)(rate * seconds));
        var answers = new T[requests];
        var milliseconds = new double[requests];
        var sending = new Task[requests];
        var started = Stopwatch.GetTimestamp();

        for (var number = 0; number < requests; number++)
        {
            var due = TimeSpan.FromSeconds(number / rate);
            if (due - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
                // Up to the next millisecond: a delay cuts off what is less, and the request would leave before it is due.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), ct).ConfigureAwait(false);
            sending[number] = SendAsync(number, due);
            phase.Report(number + 1);
        }
        await Task.WhenAll(sending).ConfigureAwait(false);

        return (answers, milliseconds, Stopwatch.GetElapsedTime(started));

        async Task SendAsync(int number, TimeSpan due)
        {
            answers[number] = await send(number, ct).ConfigureAwait(false);
            milliseconds[number] = (Stopwatch.GetElapsedTime(started) - due).TotalMilliseconds;
        }
    }
}
