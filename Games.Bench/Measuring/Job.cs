using System.Diagnostics;
using Games.Bench.Driving;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>The main job of one running implementation, driven over HTTP and read by SQL.</summary>
/// <param name="timeout">How long the last announcements may take after the last answer.</param>
internal sealed class Job(Uri api, NpgsqlDataSource database, TimeSpan timeout)
{
    private readonly Announcements _announcements = new(database);
    private string? _key;

    /// <summary>As fast as <paramref name="clients"/> clients get their answers.</summary>
    public Task<JobFigures> LoadAsync(int games, int clients, BeginPhase begin, CancellationToken ct) =>
        MeasureAsync("posted", games, clients, (poster, phase) => ClosedLoop.RunAsync(poster, games, clients, phase, ct), begin, ct);

    /// <summary>Games at a constant <paramref name="rate"/> a second.</summary>
    public Task<JobFigures> LatencyAsync(double rate, int seconds, BeginPhase begin, CancellationToken ct) =>
        MeasureAsync(
            $"posted, {rate:0.#}/s",
            Math.Max(1, (int)(rate * seconds)),
            connections: 256,
            (poster, phase) => OpenLoop.RunAsync(poster, rate, seconds, phase, ct),
            begin,
            ct);

    /// <summary>Games that are not counted, so that no figure includes compiling the code and opening connections.</summary>
    public async Task WarmUpAsync(int games, int clients, BeginPhase begin, CancellationToken ct)
    {
        if (games == 0)
            return;

        var figures = await MeasureAsync(
            "warm-up", games, clients, (poster, phase) => ClosedLoop.RunAsync(poster, games, clients, phase, ct), begin, ct);
        if (figures.Accepted == 0)
        {
            var refusals = string.Join(", ", figures.Refused.Select(refusal => $"{refusal.Value} × {refusal.Key}"));
            throw new BenchException($"{api} accepted no game of the warm-up: {refusals}.");
        }
        if (!figures.Passed)
            throw new BenchException($"The warm-up was not announced within {timeout.TotalSeconds} s: {string.Join("; ", figures.Complaints)}.");
    }

    /// <summary>Its games have titles that no other poster's have.</summary>
    public async Task<GamePoster> OpenPosterAsync(int connections, CancellationToken ct) =>
        new(api, _key ??= await BenchKey.CreateAsync(database, ct), Guid.NewGuid().ToString("N")[..8], connections);

    private async Task<JobFigures> MeasureAsync(
        string what, int games, int connections, Func<GamePoster, IProgress<double>, Task<Answers>> drive, BeginPhase begin, CancellationToken ct)
    {
        var before = await _announcements.CountAsync(ct);
        var posted = begin($"{games} games {what}", games);
        var announced = begin("announced", games);
        using var poster = await OpenPosterAsync(connections, ct);
        using var driven = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = _announcements.WatchAsync(before, announced, driven.Token);

        var started = Stopwatch.GetTimestamp();
        var answers = await drive(poster, posted);
        await driven.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        var (verdict, seen) = await _announcements.WaitForAsync(answers.Accepted, before, timeout, announced, ct);
        var complete = verdict.NotAnnounced.Count == 0 && answers.Accepted.Count > 0;
        return new JobFigures(
            games,
            answers.Accepted.Count,
            answers.Refused,
            answers.AcceptedPerSecond,
            answers.RequestMilliseconds,
            complete ? answers.Accepted.Count / Stopwatch.GetElapsedTime(started, seen).TotalSeconds : null,
            await _announcements.LatencyAsync(answers.Accepted, ct),
            [.. verdict.Complaints]);
    }
}
