using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class BacklogCommand
{
    public static Command Create()
    {
        var pending = CommonOptions.Number("--pending", "Rows in the outbox when a round with a backlog begins", 100_000, 1, 2_000_000);
        var games = CommonOptions.Number("--games", "Games to post in each round", 5_000, 1, 1_000_000);
        var rounds = CommonOptions.Number("--rounds", "How often each is measured", 3, 1, 100);
        var (clients, warmUp, json) = (CommonOptions.Clients(), CommonOptions.WarmUp(), CommonOptions.Json());
        var system = new SystemOptions();
        var command = new Command("backlog", """
            What a backlog costs those who add to it: POSTs accepted a second with an empty outbox and with a full one, in turn, medians.
            The API is started without a broker, so that nothing leaves.
            """)
        {
            pending, games, clients, rounds, warmUp, system.ApiDll, system.BotDll, system.GamesDb, json, system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            await using var servers = await Servers.OpenAsync(
                system.GamesDb.ValueIn(options), Backlog.NoBroker, options.GetValue(system.AllowRemote), ct);
            var ours = system.Ours(options);
            await ours.PrepareAsync(servers, ct);
            await using var database = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
            await using var api = ours.NewApi(servers);
            var backlog = new Backlog(database, ours.OutboxTable, api);

            var figures = await screen.WatchAsync(begin => backlog.RunAsync(
                options.GetValue(pending),
                options.GetValue(games),
                options.GetValue(clients),
                options.GetValue(rounds),
                options.GetValue(warmUp),
                begin,
                ct));

            var title = $"POSTs a second while nothing leaves the outbox, {options.GetValue(clients)} clients, medians of {options.GetValue(rounds)}";
            screen.Show(figures, [], Screen.TableOf(title, "rows pending", "POSTs a second")
                .AddRow("0", $"{figures.WithoutMedian:0}")
                .AddRow($"{figures.Pending}", $"{figures.WithMedian:0} ({figures.Ratio:0.00} of it)"));
            return true;
        }, ct));
        return command;
    }
}
