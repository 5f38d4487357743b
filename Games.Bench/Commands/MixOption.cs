using System.CommandLine;
using Games.Bench.Mix;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

/// <summary>Instead of creating alone: all that people do with games.</summary>
internal sealed class MixOption : Option<bool>
{
    private readonly Option<int> _requests;
    private readonly Option<int> _clients;
    private readonly Option<int> _warmUp;

    /// <param name="requests">Of the mix, and POSTs of the runs before and after it together.</param>
    public MixOption(Option<int> requests, Option<int> clients, Option<int> warmUp)
        : base("--mix")
    {
        (_requests, _clients, _warmUp) = (requests, clients, warmUp);
        Description = $"As many requests of a mix ({Shares}) between two runs of half as many POSTs; "
            + $"exit code 1 below {MixFigures.LeastRatio} of their rate";
    }

    /// <summary>For the help.</summary>
    public static string Shares { get; } = string.Join(", ", RequestKinds.Percent.Select(share => $"{NameOf(share.Key)} {share.Value} %"));

    public async Task<bool> RunAsync(ParseResult options, MixRun run, Screen screen, CancellationToken ct)
    {
        var (requests, clients) = (options.GetValue(_requests), options.GetValue(_clients));
        var figures = await screen.WatchAsync(begin => run.RunAsync(requests, clients, options.GetValue(_warmUp), begin, ct));
        screen.Show(figures, figures.Complaints, TableOf($"A mix of {requests} requests, {clients} clients", figures));
        return figures.Passed;
    }

    private static Table TableOf(string title, MixFigures figures)
    {
        var table = Screen.TableOf(title, "figure", "value");
        foreach (var (kind, times) in figures.Answers.Done)
            table.AddRow($"done: {NameOf(kind)}", $"{times}");
        foreach (var (refusal, times) in figures.Answers.Expected)
            table.AddRow(Markup.Escape($"refused as it should be (cancelled meanwhile): {refusal}"), $"{times}");
        table.AddRow("412, then read and sent again", $"{figures.Answers.Stale}");
        foreach (var (refusal, times) in figures.Answers.Unexpected)
            table.AddRow(Markup.Escape($"refused: {refusal}"), $"[red]{times}[/]");
        table.AddRow("requests of the mix done a second", $"{figures.Answers.DonePerSecond:0}");
        table.AddRow("creates a second, before and after it", $"{figures.CreatesPerSecond:0}");
        table.AddRow($"ratio (wanted: {MixFigures.LeastRatio} at least)", $"{figures.Ratio:0.00}");
        JobCommand.AddDistribution(table, "request to answer", figures.Answers.RequestMilliseconds);
        table.AddRow("last answer to the last announcement", $"{JobCommand.Text(figures.SecondsToRest, "0.0")} s");
        table.AddRow("announcements that say what their game is", figures.Wrong.Count == 0 ? "[green]all[/]" : "[red]not all[/]");
        return table;
    }

    private static string NameOf(RequestKind kind) => kind.ToString().ToLowerInvariant();
}
