using System.CommandLine;
using Games.Bench.Chaos;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class ChaosCommand
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    public static Command Create()
    {
        var games = CommonOptions.Number("--games", "Games to be accepted; requests with --mix", 20_000, 200, 1_000_000);
        var mix = new Option<bool>("--mix")
        {
            Description = $"Not only create, but a mix ({MixOption.Shares}); then also that every announcement says what its game is",
        };
        var cluster = new Option<bool>("--cluster")
        {
            Description = "Three nodes of RabbitMQ, PostgreSQL with a standby, three APIs behind HAProxy, three bots, and Discord's stand-in, which "
                + "takes 45 requests a second: 3,000 games are plenty",
        };
        var seed = CommonOptions.Number("--seed", "Chooses the faults' order, targets and moments", 1, 0, int.MaxValue);
        var faults = CommonOptions.Number(
            "--faults",
            $"Faults to inflict, every kind once before any comes again; {FaultPlan.LeastGames} games each at least",
            18,
            Math.Max(FaultSet.OneOfEachServer.Kinds.Count, FaultSet.Cluster.Kinds.Count),
            1_000);
        var clients = CommonOptions.Clients();
        var timeout = CommonOptions.Timeout("Seconds for which nothing may be accepted, and, at the end, nothing be settled");
        var logs = new Option<DirectoryInfo?>("--logs") { Description = "Write the log of each process to a file there", HelpName = "DIR" };
        var json = CommonOptions.Json();
        var command = new Command("chaos", """
            Proof under fire: games at full load against two APIs and two bots while these, PostgreSQL and RabbitMQ are killed, frozen and
            restarted; then a check that no accepted game is lost or announced twice.
            Everything is started here, on private servers in a temporary directory, and is gone at the end.
            """)
        {
            games, mix, cluster, seed, faults, clients, timeout, logs, json,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new ChaosLoad(
                options.GetValue(games),
                options.GetValue(mix),
                options.GetValue(cluster),
                options.GetValue(clients),
                options.GetValue(faults),
                options.GetValue(seed),
                Lease,
                TimeSpan.FromSeconds(options.GetValue(timeout)));
            if (load.Games < load.Faults * FaultPlan.LeastGames)
                throw new BenchException($"--games must be at least {load.Faults * FaultPlan.LeastGames} for {load.Faults} faults.");

            // Not Directory.CreateTempSubdirectory: PostgreSQL runs as a user who could not enter it.
            var directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"games-bench-{Guid.NewGuid():N}"));
            try
            {
                using var serviceLogs = new ServiceLogs(options.GetValue(logs)?.FullName);
                var figures = await screen.WatchAsync(begin => new ChaosRun(directory.FullName, load, serviceLogs).RunAsync(begin, ct));
                screen.Show(figures, figures.Complaints, FaultsOf(figures), TableOf(figures, load.IsMix ? "requests" : "games"));
                return figures.Passed;
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }, ct));
        return command;
    }

    private static Table FaultsOf(ChaosFigures figures)
    {
        var table = Screen.TableOf(
            $"Faults of seed {figures.Seed}; ∥: while others went on", "fault", "at game", "outage", "games waiting", "recovered after");
        foreach (var fault in figures.Faults)
        {
            var name = fault.Overlaps ? $"∥ {fault.Fault}" : fault.Fault;
            table.AddRow(name, $"{fault.AtGame}", Seconds(fault.OutageSeconds), $"{fault.Waiting}", Seconds(fault.RecoverySeconds));
        }
        return table;
    }

    private static Table TableOf(ChaosFigures figures, string what)
    {
        var table = Screen.TableOf("Proof under fire", "figure", "value")
            .AddRow($"{what} accepted", $"{figures.Accepted} in {figures.PostingSeconds:0} s")
            .AddRow("requests failed", $"{figures.Failed}");
        foreach (var (failure, times) in figures.Failures)
            table.AddRow(Markup.Escape($"  {failure}"), $"{times}");
        table.AddRow("refused as they should be, 409 after a cancellation", $"{figures.Refused}")
            .AddRow("412, read and sent again", $"{figures.Stale}")
            .AddRow("games that failed requests left, announced too", $"{figures.LeftByFailed}")
            .AddRow("longest recovery from a fault", Seconds(figures.LongestRecoverySeconds))
            .AddRow("  of that with every server and service up", Seconds(figures.LongestRecoveryWhileUpSeconds))
            .AddRow("longest from a game's commit to its announcement's", Seconds(figures.LongestWaitSeconds))
            .AddRow("repeated messages without effect (bots' logs)", $"{figures.Repeats}")
            .AddRow("announcements rolled back and made again (bots' logs)", $"{figures.RolledBack}");
        foreach (var (kind, count) in new[] { ("lost", figures.Lost), ("doubled", figures.Doubled), ("stuck", figures.Stuck) })
            table.AddRow(kind, count == 0 ? "[green]0[/]" : $"[red]{count}[/]");
        return table;
    }

    private static string Seconds(double? seconds) => seconds is { } known ? $"{known:0.0} s" : "never";
}
