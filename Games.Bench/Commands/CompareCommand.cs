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
        var system = new SystemOptions();
        var rounds = CommonOptions.Number("--rounds", "Turns of each side", 3, 1, 20);
        var (games, clients, warmUp) = (CommonOptions.Games(), CommonOptions.Clients(), CommonOptions.WarmUp());
        var (rate, seconds) = (CommonOptions.Rate(), CommonOptions.Seconds(20));
        var (timeout, json, svg) = (CommonOptions.Timeout(), CommonOptions.Json(), CommonOptions.Svg());
        var command = new Command("compare", """
            Ours and the hand-written limit (bench/limit) in turn, on the same PostgreSQL and RabbitMQ: medians and ratios.
            Every turn starts its own API and bot on a new database (games_bench_ours, games_bench_limit: dropped if they exist), runs load,
            then latency.
            Build ours first: dotnet build -c Release.
            """)
        {
            games, clients, rounds, rate, seconds, warmUp, system.LimitProject, system.ApiDll, system.BotDll, system.GamesDb, system.RabbitMq,
            timeout, svg, json, system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new ComparisonLoad(
                options.GetValue(games), options.GetValue(clients), options.GetValue(warmUp), options.GetValue(rate), options.GetValue(seconds));

            var comparison = await screen.WatchAsync(async begin =>
            {
                var starting = begin("servers started, limit built", 1);
                await using var servers = await system.OpenServersAsync(options, ct);
                var limit = await system.BuildLimitAsync(options, ct);
                var run = new ComparisonRun(servers, system.Ours(options), limit, TimeSpan.FromSeconds(options.GetValue(timeout)));
                starting.Report(1);
                return await run.RunAsync(options.GetValue(rounds), load, begin, ct);
            });

            var refusals = RefusalsOf("ours", comparison.Ours).Concat(RefusalsOf("limit", comparison.Limit));
            screen.Show(comparison, refusals.Concat(comparison.Complaints), TableOf(comparison));
            if (options.GetValue(svg) is { } file)
                Charts.OfComparison(comparison).WriteTo(file);
            return comparison.Complaints.Count == 0;
        }, ct));
        return command;
    }

    private static IEnumerable<string> RefusalsOf(string side, IReadOnlyList<Round> rounds) =>
        Comparison.RefusedIn(rounds).Select(refusal => $"{side}: {refusal.Value} POSTs refused: {refusal.Key}");

    private static Table TableOf(Comparison comparison)
    {
        var title = $"Ours and the limit: {comparison.Games} games, {comparison.Clients} clients, medians, rounds: {comparison.Ours.Count}";
        var table = Screen.TableOf(title, "figure", "ours", "limit", "ours / limit");
        foreach (var figure in comparison.Figures)
        {
            var (ours, limit) = ($"{Short(figure.OursMedian)} {figure.Unit}", $"{Short(figure.LimitMedian)} {figure.Unit}");
            table.AddRow(figure.Name, ours, limit, figure.Ratio?.ToString("0.00") ?? "–");
        }
        return table;
    }

    private static string Short(double? value) => value?.ToString(value < 100 ? "0.0" : "0") ?? "–";
}
