using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Mix;
using Games.Bench.Running;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

/// <summary>What load and latency have alike: one run of the main job against an API that runs already.</summary>
internal static class JobCommand
{
    public static Command Create(
        string name,
        string description,
        IEnumerable<Option> options,
        Func<ParseResult, Job, BeginPhase, CancellationToken, Task<JobFigures>> measure,
        Func<ParseResult, string> title,
        MixOption? mix = null)
    {
        var (api, database, allowRemote) = (CommonOptions.Api(), CommonOptions.GamesDb(), CommonOptions.AllowRemote());
        var (timeout, json, svg) = (CommonOptions.Timeout(), CommonOptions.Json(), CommonOptions.Svg());
        var command = new Command(name, description);
        foreach (var option in options.Concat(mix is null ? [] : [mix]).Concat([api, database, timeout, svg, json, allowRemote]))
            command.Add(option);

        command.SetAction((parsed, ct) => ExitCode.OfAsync(async () =>
        {
            Loopback.Require(parsed.GetValue(api)!, parsed.GetValue(allowRemote));
            var screen = new Screen(parsed.GetValue(json));
            await using var source = GamesDatabase.Open(database.ValueIn(parsed));
            var job = new Job(parsed.GetValue(api)!, source, TimeSpan.FromSeconds(parsed.GetValue(timeout)));

            if (mix is not null && parsed.GetValue(mix))
                return await mix.RunAsync(parsed, new MixRun(job, source, TimeSpan.FromSeconds(parsed.GetValue(timeout))), screen, ct);

            var figures = await screen.WatchAsync(begin => measure(parsed, job, begin, ct));

            IEnumerable<string> complaints = figures.Accepted == 0 ? [.. figures.Complaints, "No POST was accepted."] : figures.Complaints;
            screen.Show(figures, complaints, TableOf(title(parsed), figures));
            if (parsed.GetValue(svg) is { } file)
                Charts.OfJob(title(parsed), figures).WriteTo(file);
            return figures.Passed;
        }, ct));
        return command;
    }

    private static Table TableOf(string title, JobFigures figures)
    {
        var table = Screen.TableOf(title, "figure", "value");
        table.AddRow("accepted POSTs", $"{figures.Accepted} of {figures.Games}");
        foreach (var (name, times) in figures.Refused)
            table.AddRow(Markup.Escape($"refused: {name}"), $"{times}");
        table.AddRow("accepted POSTs a second", Text(figures.AcceptedPerSecond, "0"));
        table.AddRow("end to end, games a second", Text(figures.EndToEndPerSecond, "0"));
        AddDistribution(table, "POST to answer", figures.RequestMilliseconds);
        AddDistribution(table, "commit to announcement", figures.AnnouncementMilliseconds);
        table.AddRow("announced exactly once", figures.Passed ? "[green]every accepted game[/]" : "[red]no[/]");
        return table;
    }

    internal static void AddDistribution(Table table, string name, Distribution milliseconds) => table.AddRow(
        $"{name}, p50 / p90 / p99 / max",
        $"{Text(milliseconds.P50, "0.0")} / {Text(milliseconds.P90, "0.0")} / {Text(milliseconds.P99, "0.0")} / {Text(milliseconds.Max, "0.0")} ms");

    internal static string Text(double? value, string format) => value?.ToString(format) ?? "–";
}
