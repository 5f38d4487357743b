using System.CommandLine;
using Games.Bench.Chaos;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class ChaosCommand
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var games = CommonOptions.Number("--games", "Games to be accepted", 20_000, 200, 1_000_000);
        var seed = CommonOptions.Number("--seed", "Chooses the faults' order, targets and moments", 1, 0, int.MaxValue);
        var faults = CommonOptions.Number("--faults", $"Faults to inflict, every kind once before any comes again; {FaultPlan.LeastGames} games each at least", 18, FaultPlan.Kinds, 1_000);
        var clients = CommonOptions.Clients();
        var timeout = CommonOptions.Number("--timeout", "Seconds for which nothing may be accepted, and seconds to come to rest at the end", 120, 1, 3_600);
        var logs = new Option<DirectoryInfo?>("--logs") { Description = "Write what each server and service says to a file in there", HelpName = "DIR" };
        var json = CommonOptions.Json();
        var command = new Command("chaos", """
            Proof under fire: games at full load against two APIs and two bots while these, PostgreSQL and RabbitMQ are killed, frozen and restarted; then a check that no accepted game is lost or announced twice.
            Everything is started here, on private servers in a temporary directory, and is gone at the end.
            """)
        {
            games, seed, faults, clients, timeout, logs, json,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new ChaosLoad(
                options.GetValue(games), options.GetValue(clients), options.GetValue(faults), options.GetValue(seed), Lease, TimeSpan.FromSeconds(options.GetValue(timeout)));
            if (load.Games < load.Faults * FaultPlan.LeastGames)
                throw new BenchException($"--games must be at least {load.Faults * FaultPlan.LeastGames} for {load.Faults} faults, not {load.Games}.");

            // Not a "temporary subdirectory" of .NET's: PostgreSQL runs as a user who could not enter it.
            var directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"games-bench-{Guid.NewGuid():N}"));
            try
            {
                using var said = new ServiceLogs(options.GetValue(logs)?.FullName);
                var figures = await screen.WatchAsync(begin => new ChaosRun(directory.FullName, load, said).RunAsync(begin, ct));
                Show(screen, figures);
                return figures.Passed;
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }, ct));
        return command;
    }

    private static void Show(Screen screen, ChaosFigures figures)
    {
        if (screen.Json)
            Outcome.PrintJson(figures);

        var faults = new Table().Title($"Faults of seed {figures.Seed}; ∥: while others went on").Border(TableBorder.Rounded).AddColumn("fault");
        foreach (var column in new[] { "at game", "outage", "games waiting", "recovered after" })
            faults.AddColumn(new TableColumn(column).RightAligned());
        foreach (var fault in figures.Faults)
            faults.AddRow($"{(fault.Overlaps ? "∥ " : "")}{fault.Fault}", $"{fault.AtGame}", Seconds(fault.OutageSeconds), $"{fault.Waiting}", Seconds(fault.RecoverySeconds));
        screen.Show(faults);

        var table = new Table().Title("Proof under fire").Border(TableBorder.Rounded).AddColumn("figure").AddColumn(new TableColumn("value").RightAligned());
        table.AddRow("games accepted", $"{figures.Accepted} in {figures.PostingSeconds:0} s");
        table.AddRow("requests failed", $"{figures.Failed}");
        foreach (var (failure, times) in figures.Failures)
            table.AddRow(Markup.Escape($"  {failure}"), $"{times}");
        table.AddRow("games that failed requests left, announced too", $"{figures.LeftByFailed}");
        table.AddRow("longest recovery from a fault", Seconds(figures.LongestRecoverySeconds));
        table.AddRow("longest from a game's commit to its announcement's", Seconds(figures.LongestWaitSeconds));
        table.AddRow("repeated messages without effect (bots' logs)", $"{figures.Repeats}");
        table.AddRow("announcements rolled back and made again (bots' logs)", $"{figures.RolledBack}");
        foreach (var (fate, count) in new[] { ("lost", figures.Lost), ("doubled", figures.Doubled), ("stuck", figures.Stuck) })
            table.AddRow(fate, count == 0 ? "[green]0[/]" : $"[red]{count}[/]");
        screen.Show(table);

        foreach (var complaint in figures.Complaints)
            Screen.Complain(complaint);
    }

    private static string Seconds(double? seconds) => seconds is { } some ? $"{some:0.0} s" : "never";
}
