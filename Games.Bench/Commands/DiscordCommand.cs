using System.CommandLine;
using Games.Bench.Discord;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class DiscordCommand
{
    public static Command Create()
    {
        var rate = CommonOptions.Number("--rate", "Games a second", 10, 1, 50);
        var channels = CommonOptions.Number("--channels", "Channels over which they go; Discord takes a message a second in each", 50, 1, 500);
        var clicks = CommonOptions.Number("--clicks", "Clicks on Join a second, when all games are in Discord", 20, 1, 200);
        var seconds = CommonOptions.Seconds(30);
        var warmUp = CommonOptions.Number("--warm-up", "Seconds of the same before the measuring begins", 30, 0, 600);
        var system = new SystemOptions();
        var (timeout, json) = (CommonOptions.Timeout("Seconds that the last message may take", 60), CommonOptions.Json());
        var command = new Command("discord", """
            How soon a game is in Discord, and a click answered, against the stand-in for Discord with Discord's limits.
            It starts the stand-in, the API and the bot in a database of its own. Exit code 1 unless each game has one message, each click its
            answer, and no request came before a limit let it; how fast it is, is shown beside what is asked for.
            """)
        {
            rate, channels, clicks, seconds, warmUp, system.ApiDll, system.BotDll, system.DiscordDll, system.GamesDb, system.RabbitMq, timeout, json,
            system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new DiscordLoad(
                options.GetValue(rate),
                options.GetValue(channels),
                options.GetValue(clicks),
                options.GetValue(seconds),
                options.GetValue(warmUp),
                TimeSpan.FromSeconds(options.GetValue(timeout)));

            var figures = await screen.WatchAsync(async begin =>
            {
                var starting = begin("servers and services started", 4);
                await using var servers = await system.OpenServersAsync(options, ct);
                var ours = system.Ours(options);
                await ours.PrepareAsync(servers, ct);
                starting.Report(1);
                await using var standIn = system.NewDiscord(options);
                await standIn.StartAsync(ct);
                using var discord = new StandIn(standIn.Address);
                await discord.AddAsync(load.Channels, DiscordRun.Users, ct);
                starting.Report(2);
                await using var bot = ours.NewBot(servers, new()
                {
                    ["Discord__Token"] = "bench",
                    ["Discord__BaseAddress"] = new Uri(standIn.Address, "/api/v10/").ToString(),
                });
                await bot.StartAsync(ct);
                starting.Report(3);
                await using var service = ours.NewApi(servers);
                await service.StartAsync(ct);
                starting.Report(4);
                await using var database = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
                using var api = new ApiConnections(service.Address, await BenchKey.CreateAsync(database, ct), connections: 64);
                return await new DiscordRun(api, database, discord, load).RunAsync(begin, ct);
            });
            screen.Show(figures, figures.Complaints, TableOf(load, figures));
            return figures.Passed;
        }, ct));
        return command;
    }

    private static Table TableOf(DiscordLoad load, DiscordFigures figures)
    {
        var (message, click) = (figures.MessageMilliseconds, figures.ClickMilliseconds);
        return Screen.TableOf(
                $"{load.Rate:0.#} games a second over {load.Channels} channels for {load.Seconds} s, then {load.ClickRate:0.#} clicks a second",
                "figure", "measured", "asked for")
            .AddRow($"commit to message in Discord, {message.Count} games, p50", $"{message.P50:0.0} ms", $"≤ {DiscordFigures.MostMessageP50} ms")
            .AddRow("p90 / max", $"{message.P90:0.0} / {message.Max:0.0} ms", "")
            .AddRow("p99", $"{message.P99:0.0} ms", $"≤ {DiscordFigures.MostMessageP99} ms")
            .AddRow($"click to answer, {click.Count} clicks, p50 / p90 / max", $"{click.P50:0.0} / {click.P90:0.0} / {click.Max:0.0} ms", "")
            .AddRow("p99", $"{click.P99:0.0} ms", $"≤ {DiscordFigures.MostClickP99} ms")
            .AddRow("games without a message / with more than one", $"{figures.Missing} / {figures.Doubled}", "0 / 0")
            .AddRow("requests before a limit let them", $"{figures.TooEarly}", "0");
    }
}
