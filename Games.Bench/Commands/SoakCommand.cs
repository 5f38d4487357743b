using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class SoakCommand
{
    public static Command Create()
    {
        var games = CommonOptions.Number("--games", "Games posted at full load before it; half of that is the rate", 20_000, 1, 1_000_000);
        var (clients, warmUp) = (CommonOptions.Clients(), CommonOptions.WarmUp());
        var parts = CommonOptions.Number("--parts", "Parts of the soak; after each the memory is read", 30, 1, 10_000);
        var seconds = CommonOptions.Number("--seconds", "Seconds of each part", 60, 1, 3_600);
        var system = new SystemOptions();
        var timeout = CommonOptions.Timeout();
        var json = CommonOptions.Json();
        var command = new Command("soak", """
            Half of what the API and the bot can do, for half an hour: are memory and latency flat, and is every game announced exactly once.
            It starts both. A figure of the last third of the parts that is more than a tenth above the first third's is red.
            """)
        {
            games, clients, warmUp, parts, seconds, system.ApiDll, system.BotDll, system.GamesDb, system.RabbitMq, timeout, json, system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new SoakLoad(
                options.GetValue(warmUp), options.GetValue(games), options.GetValue(clients), options.GetValue(parts), options.GetValue(seconds));
            var figures = await screen.WatchAsync(RunAsync);

            IEnumerable<string> complaints = figures.Parts.All(part => part.Accepted == 0) ? ["No POST was accepted."] : figures.Complaints;
            screen.Show(figures, complaints, PartsOf(figures), ThirdsOf(figures));
            return figures.Passed;

            async Task<SoakFigures> RunAsync(BeginPhase begin)
            {
                await using var servers = await system.OpenServersAsync(options, ct);
                var ours = system.Ours(options);
                await ours.PrepareAsync(servers, ct);
                // The bot declares its queue: it has to be ready before the API sends the first message.
                await using var bot = ours.NewBot(servers);
                await bot.StartAsync(ct);
                await using var api = ours.NewApi(servers);
                await api.StartAsync(ct);
                await using var database = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
                var bound = TimeSpan.FromSeconds(options.GetValue(timeout));
                var soak = new Soak(api.Address, database, () => (api.ResidentMebibytes, bot.ResidentMebibytes), bound);
                return await soak.RunAsync(load, begin, ct);
            }
        }, ct));
        return command;
    }

    private static Table PartsOf(SoakFigures figures)
    {
        var table = Screen.TableOf(
            $"{figures.Rate:0} games a second, half of {figures.FullPerSecond:0}", "part", "accepted", "refused", "POST to answer, p50 / p99 ms",
            "commit to announcement, p50 / p99 ms", "API MiB", "bot MiB");
        foreach (var (number, part) in figures.Parts.Index())
        {
            table.AddRow(
                $"{number + 1}",
                $"{part.Accepted}",
                $"{part.Refused.Values.Sum()}",
                $"{JobCommand.Text(part.RequestMilliseconds.P50, "0.0")} / {JobCommand.Text(part.RequestMilliseconds.P99, "0.0")}",
                $"{JobCommand.Text(part.AnnouncementMilliseconds.P50, "0.0")} / {JobCommand.Text(part.AnnouncementMilliseconds.P99, "0.0")}",
                $"{part.ApiMebibytes:0}",
                $"{part.BotMebibytes:0}");
        }
        return table;
    }

    private static Table ThirdsOf(SoakFigures figures)
    {
        const double Flat = 1.1;
        var table = Screen.TableOf("medians over the parts", "figure", "first third", "last third", "ratio");
        AddRow("POST to answer, p50, ms", part => part.RequestMilliseconds.P50);
        AddRow("POST to answer, p99, ms", part => part.RequestMilliseconds.P99);
        AddRow("commit to announcement, p50, ms", part => part.AnnouncementMilliseconds.P50);
        AddRow("commit to announcement, p99, ms", part => part.AnnouncementMilliseconds.P99);
        AddRow("API, resident, MiB", part => part.ApiMebibytes);
        AddRow("bot, resident, MiB", part => part.BotMebibytes);
        return table;

        void AddRow(string figure, Func<SoakPart, double?> value)
        {
            var (first, last) = (MedianOf(figures.FirstThird), MedianOf(figures.LastThird));
            var ratio = $"{last / first:0.00}";
            table.AddRow(figure, $"{first:0.0}", $"{last:0.0}", last / first <= Flat ? ratio : $"[red]{ratio}[/]");

            double MedianOf(IEnumerable<SoakPart> parts) => Distribution.MedianOf(parts.Select(value).OfType<double>());
        }
    }
}
