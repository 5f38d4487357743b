using System.Diagnostics;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Mix;

/// <summary>
/// A mix of all that people do with games, between two runs in which games are only created: a process gets faster, and neither is to gain
/// by it. Then a check that every announcement says what its game is.
/// </summary>
internal sealed class MixRun(Job job, NpgsqlDataSource database, TimeSpan timeout)
{
    private const int IdsShown = 10;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly AnnouncedState _announced = new(database);

    public async Task<MixFigures> RunAsync(int requests, int clients, int warmUp, BeginPhase begin, CancellationToken ct)
    {
        await job.WarmUpAsync(warmUp, clients, begin, ct);
        if (warmUp > 0)
            await RestAsync((await SendAsync(warmUp, clients, begin, "warm-up of the mix", ct)).Games, ct);

        var before = await job.LoadAsync(Math.Max(1, requests / 2), clients, begin, ct);
        var answers = await SendAsync(requests, clients, begin, "requests of the mix", ct);
        var toRest = await RestAsync(answers.Games, ct);
        var after = await job.LoadAsync(Math.Max(1, requests / 2), clients, begin, ct);

        var wrong = await _announced.WrongAsync(answers.Games, ct);
        return new MixFigures(
            requests,
            (before.AcceptedPerSecond + after.AcceptedPerSecond) / 2,
            answers,
            toRest?.TotalSeconds,
            [
                .. before.Complaints,
                .. after.Complaints,
                .. wrong.Select(games => $"{games.Count()} announcements {games.Key}: {string.Join(", ", games.Take(IdsShown))}"),
            ]);
    }

    private async Task<MixAnswers> SendAsync(int requests, int clients, BeginPhase begin, string what, CancellationToken ct)
    {
        using var poster = await job.OpenPosterAsync(clients, ct);
        var client = new MixedClient(poster, new KnownGames());
        var (answers, milliseconds, duration) = await ClosedLoop.RunAsync(
            client.SendAsync, requests, clients, begin($"{requests} {what}", requests), ct);
        return MixAnswers.Of(answers, milliseconds, duration);
    }

    /// <summary>Waits until no announcement is behind its game.</summary>
    /// <returns>How long that took; null after the timeout.</returns>
    private async Task<TimeSpan?> RestAsync(IReadOnlyList<Guid> games, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (await _announced.CountBehindAsync(games, ct) > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
                return null;
            await Task.Delay(PollInterval, ct);
        }
        return Stopwatch.GetElapsedTime(started);
    }
}
