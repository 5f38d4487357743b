using Games.Bench.Driving;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// Half of what the system can do, for a long time. While it runs nothing is counted in the database: the tables grow by a million rows, and so
/// would the time of a count.
/// </summary>
/// <param name="mebibytes">What the API and the bot have in physical memory.</param>
/// <param name="timeout">How long the last announcements may take.</param>
internal sealed class Soak(Uri api, NpgsqlDataSource database, Func<(double Api, double Bot)> mebibytes, TimeSpan timeout)
{
    private readonly Job _job = new(api, database, timeout);
    private readonly Announcements _announcements = new(database);

    public async Task<SoakFigures> RunAsync(SoakLoad load, BeginPhase begin, CancellationToken ct)
    {
        await _job.WarmUpAsync(load.WarmUp, load.Clients, begin, ct);
        var full = await _job.LoadAsync(load.Games, load.Clients, begin, ct);
        if (full is not { EndToEndPerSecond: { } most, Passed: true })
            throw new BenchException($"There is no full load to take half of: {string.Join("; ", full.Complaints)}");

        var (before, rate) = (await _announcements.CountAsync(ct), most / 2);
        var parts = new List<(Answers Answers, (double Api, double Bot) Mebibytes)>();
        var posting = begin($"{load.Parts} parts of {load.Seconds} s, {rate:0} games a second", load.Parts);
        while (parts.Count < load.Parts)
        {
            using var poster = await _job.OpenPosterAsync(connections: 256, ct);
            parts.Add((await OpenLoop.RunAsync(poster, rate, load.Seconds, new Progress<double>(), ct), mebibytes()));
            posting.Report(parts.Count);
        }

        var accepted = parts.SelectMany(part => part.Answers.Accepted).ToList();
        var (verdict, _) = await _announcements.WaitForAsync(accepted, before, timeout, begin("announced", accepted.Count), ct);
        var figures = new List<SoakPart>();
        foreach (var (answers, memory) in parts)
        {
            var latency = await _announcements.LatencyAsync(answers.Accepted, ct);
            figures.Add(new(answers.Accepted.Count, answers.Refused, answers.RequestMilliseconds, latency, memory.Api, memory.Bot));
        }
        return new(load, most, rate, figures, [.. verdict.Complaints]);
    }
}
