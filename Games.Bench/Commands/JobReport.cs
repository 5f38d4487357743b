using Games.Bench.Measuring;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

/// <summary>One run of the main job as a table, as JSON and as a chart.</summary>
internal static class JobReport
{
    public static void Show(Screen screen, string title, JobFigures figures, FileInfo? svg)
    {
        if (screen.Json)
            Outcome.PrintJson(figures);

        screen.Show(TableOf(title, figures));
        foreach (var complaint in figures.Complaints)
            Screen.Complain(complaint);
        if (figures.Accepted == 0)
            Screen.Complain("No POST was accepted.");

        if (svg is not null)
            Charts.OfJob(title, figures).WriteTo(svg);
    }

    private static Table TableOf(string title, JobFigures figures)
    {
        var table = new Table().Title(title).Border(TableBorder.Rounded).AddColumn("figure").AddColumn(new TableColumn("value").RightAligned());
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

    private static void AddDistribution(Table table, string what, Distribution milliseconds) => table.AddRow(
        $"{what}, p50 / p90 / p99 / max",
        $"{Text(milliseconds.P50, "0.0")} / {Text(milliseconds.P90, "0.0")} / {Text(milliseconds.P99, "0.0")} / {Text(milliseconds.Max, "0.0")} ms");

    private static string Text(double? value, string format) => value?.ToString(format) ?? "–";
}
