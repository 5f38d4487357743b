using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Lists;

/// <summary>The plans of the statements that an API sends, as PostgreSQL logs them (auto_explain): those that were run, with their values.</summary>
internal sealed partial class QueryPlans
{
    /// <summary>PostgreSQL reads it at its start only.</summary>
    public static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string>
    {
        ["shared_preload_libraries"] = "auto_explain",
        ["auto_explain.log_analyze"] = "on",
        ["auto_explain.log_timing"] = "off",
        // Not its settings but those of filling the tables: no checkpoint every few seconds of a COPY.
        ["max_wal_size"] = "16GB",
        ["checkpoint_timeout"] = "30min",
    };

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _marks = new();

    /// <summary>A line of PostgreSQL's log.</summary>
    public void Read(string line)
    {
        _lines.Enqueue(line);
        if (Mark().Match(line) is { Success: true } mark && _marks.TryGetValue(mark.Value, out var seen))
            seen.TrySetResult();
    }

    /// <summary>The plans of what is run meanwhile.</summary>
    public async Task<IReadOnlyList<string>> OfAsync(NpgsqlDataSource database, Func<Task> run, CancellationToken ct)
    {
        await LogAsync(database, "0", ct);
        _lines.Clear();
        await run();
        await LogAsync(database, "-1", ct);
        return [.. PlansIn(_lines)];
    }

    /// <summary>Tables that are read from the beginning to the end.</summary>
    public static IEnumerable<string> ScannedIn(IEnumerable<string> plans) =>
        plans.SelectMany(plan => SeqScan().Matches(plan)).Select(scan => scan.Groups[1].Value).Distinct();

    /// <summary>The most rows that one step of a plan has read and thrown away: an index that does not fit is a scan too.</summary>
    public static long MostDiscardedIn(IEnumerable<string> plans) =>
        plans.SelectMany(plan => Discarded().Matches(plan)).Select(rows => long.Parse(rows.Groups[1].Value)).DefaultIfEmpty().Max();

    /// <summary>Those of statements that read games: each begins with a line of its own, and its other lines are indented.</summary>
    public static IEnumerable<string> PlansIn(IEnumerable<string> log)
    {
        List<string> plan = [];
        foreach (var line in log.Append(""))
        {
            if (line.StartsWith('\t'))
            {
                plan.Add(line);
                continue;
            }

            if (plan is [var first, ..] && first.Contains("duration:", StringComparison.Ordinal) && plan.Exists(part => ReadsGames().IsMatch(part)))
                yield return string.Join('\n', plan);
            plan = [line];
        }
    }

    private async Task LogAsync(NpgsqlDataSource database, string minDuration, CancellationToken ct)
    {
        await database.ExecuteAsync($"alter system set auto_explain.log_min_duration = {minDuration}", ct);
        await database.ExecuteAsync("select pg_reload_conf()", ct);

        // The log comes later than the answers; and a session hears of the reload when it is told something next.
        var mark = $"games-bench-{Guid.NewGuid():N}";
        var seen = _marks.GetOrAdd(mark, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await database.ExecuteAsync($"do $$ begin raise log '{mark}'; end $$", ct);
        await seen.Task.WaitAsync(Timeout, ct);
    }

    [GeneratedRegex("games-bench-[0-9a-f]{32}")]
    private static partial Regex Mark();

    [GeneratedRegex(@"Rows Removed by (?:Join )?Filter: (\d+)")]
    private static partial Regex Discarded();

    [GeneratedRegex(@"Scan.* (on|using) .*(games|players|announcements)")]
    private static partial Regex ReadsGames();

    [GeneratedRegex(@"Seq Scan on (games|players|announcements)\b")]
    private static partial Regex SeqScan();
}
