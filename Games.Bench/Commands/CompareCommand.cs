using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class CompareCommand
{
    public static Command Create()
    {
        var programs = new ProgramOptions();
        var rounds = CommonOptions.Number("--rounds", "Turns of each side", 3, 1, 20);
        var (games, clients, warmUp) = (CommonOptions.Games(), CommonOptions.Clients(), CommonOptions.WarmUp());
        var (rate, seconds) = (CommonOptions.Rate("--rate"), CommonOptions.Seconds("--seconds", 20));
        var (database, rabbitMq, allowRemote) = (CommonOptions.GamesDb("; else a private server"), CommonOptions.RabbitMq("; else a private server"), CommonOptions.AllowRemote());
        var (timeout, json, svg) = (CommonOptions.Timeout(), CommonOptions.Json(), CommonOptions.Svg());
        var command = new Command("compare", """
            Ours and the hand-written limit in turn, on the same PostgreSQL and RabbitMQ: medians and ratios.
            Every turn starts its own API and bot on a new database (games_bench_ours, games_bench_limit: dropped if they exist), runs load, then latency. Build ours first: dotnet build -c Release.
            """)
        {
            games, clients, rounds, rate, seconds, warmUp, programs.LimitProject, programs.ApiDll, programs.BotDll, database, rabbitMq, timeout, svg, json, allowRemote,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new ContestLoad(options.GetValue(games), options.GetValue(clients), options.GetValue(warmUp), options.GetValue(rate), options.GetValue(seconds));

            var comparison = await screen.WatchAsync(async begin =>
            {
                var starting = begin("servers started, limit built", 1);
                await using var servers = await Servers.OpenAsync(Outcome.GamesDb(options.GetValue(database)), Outcome.RabbitMq(options.GetValue(rabbitMq)), options.GetValue(allowRemote), ct);
                var contest = new Contest(servers, programs.Ours(options), await programs.LimitAsync(options, servers, ct), TimeSpan.FromSeconds(options.GetValue(timeout)));
                starting.Reached(1);
                return await contest.RunAsync(options.GetValue(rounds), load, begin, ct);
            });

            Show(screen, comparison);
            if (options.GetValue(svg) is { } file)
                Charts.OfComparison(comparison).WriteTo(file);
            return comparison.Complaints.Count == 0;
        }, ct));
        return command;
    }

    private static void Show(Screen screen, Comparison comparison)
    {
        if (screen.Json)
            Outcome.PrintJson(comparison);

        var table = new Table().Title($"Ours and the limit: {comparison.Games} games, {comparison.Clients} clients, medians, rounds: {comparison.Ours.Count}").Border(TableBorder.Rounded);
        table.AddColumn("figure");
        foreach (var column in new[] { "ours", "limit", "ours / limit" })
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var figure in comparison.Figures)
            table.AddRow(figure.Name, $"{Short(figure.OursMedian)} {figure.Unit}", $"{Short(figure.LimitMedian)} {figure.Unit}", figure.Ratio?.ToString("0.00") ?? "–");
        screen.Show(table);

        foreach (var (name, rounds) in new[] { ("ours", comparison.Ours), ("limit", comparison.Limit) })
        {
            foreach (var (refusal, times) in Comparison.RefusedIn(rounds))
                Screen.Complain($"{name}: {times} POSTs refused: {refusal}");
        }
        foreach (var complaint in comparison.Complaints)
            Screen.Complain(complaint);
    }

    private static string Short(double? value) => value?.ToString(value < 100 ? "0.0" : "0") ?? "–";
}
