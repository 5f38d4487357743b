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
            Ours, the hand-written limit (bench/limit) and peers in turn, on the same PostgreSQL and RabbitMQ: medians and ratios.
            Every turn starts its own API and bot on a new database (games_bench_ours, games_bench_limit…: dropped if they exist), runs load,
            then latency.
            Build ours first: dotnet build -c Release.
            """)
        {
            games, clients, rounds, rate, seconds, warmUp, system.Peers, system.LimitProject, system.ApiDll, system.BotDll, system.GamesDb,
            system.RabbitMq, timeout, svg, json, system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new ComparisonLoad(
                options.GetValue(games), options.GetValue(clients), options.GetValue(warmUp), options.GetValue(rate), options.GetValue(seconds));

            var comparison = await screen.WatchAsync(async begin =>
            {
                var starting = begin("servers started, limit and peers built", 1);
                await using var servers = await system.OpenServersAsync(options, ct);
                var limit = await system.BuildLimitAsync(options, ct);
                var peers = await system.BuildPeersAsync(options, ct);
                var run = new ComparisonRun(servers, system.Ours(options), limit, peers, TimeSpan.FromSeconds(options.GetValue(timeout)));
                starting.Report(1);
                return await run.RunAsync(options.GetValue(rounds), load, begin, ct);
            });

            var refusals = comparison.Sides.SelectMany(side => RefusalsOf(side.Name, side.Rounds));
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
        string[] peers = [.. comparison.Peers.Keys];
        var table = Screen.TableOf(
            title, "figure", ["ours", "limit", "ours / limit", .. peers.SelectMany(peer => new[] { peer, $"{peer} / limit" })]);
        foreach (var figure in comparison.Figures)
        {
            table.AddRow(
            [
                figure.Name, $"{Short(figure.OursMedian)} {figure.Unit}", $"{Short(figure.LimitMedian)} {figure.Unit}", Share(figure.Ratio),
                .. peers.SelectMany(peer => new[] { $"{Short(figure.PeerMedians[peer])} {figure.Unit}", Share(figure.PeerRatios[peer]) }),
            ]);
        }
        return table;
    }

    private static string Share(double? ratio) => ratio?.ToString("0.00") ?? "–";

    private static string Short(double? value) => value?.ToString(value < 100 ? "0.0" : "0") ?? "–";
}
