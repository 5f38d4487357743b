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
        var (clients, warmUp) = (CommonOptions.Clients(), CommonOptions.WarmUp());
        var programs = new ProgramOptions();
        var (database, json, allowRemote) = (CommonOptions.GamesDb("; else a private server"), CommonOptions.Json(), CommonOptions.AllowRemote());
        var command = new Command("backlog", """
            What a backlog costs those who add to it: POSTs accepted a second with an empty outbox and with a full one, in turn, medians.
            The API is started without a broker, so that nothing leaves.
            """)
        {
            pending, games, clients, rounds, warmUp, programs.ApiDll, programs.BotDll, database, json, allowRemote,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            await using var servers = await Servers.OpenAsync(Outcome.GamesDb(options.GetValue(database)), Backlog.NoBroker, options.GetValue(allowRemote), ct);
            var ours = programs.Ours(options);
            await ours.PrepareAsync(servers, ct);
            await using var own = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
            var port = AppHost.Servers.FreePort.Next();
            var backlog = new Backlog(own, ours.OutboxTable, Implementation.AddressAt(port));
            var figures = await screen.WatchAsync(begin => backlog.RunAsync(
                ours.Api(servers, port), options.GetValue(pending), options.GetValue(games), options.GetValue(clients), options.GetValue(rounds), options.GetValue(warmUp), begin, ct));

            if (screen.Json)
                Outcome.PrintJson(figures);
            var table = new Table().Title($"POSTs a second while nothing leaves the outbox, {options.GetValue(clients)} clients, medians of {options.GetValue(rounds)}")
                .Border(TableBorder.Rounded).AddColumn("rows pending").AddColumn(new TableColumn("POSTs a second").RightAligned());
            table.AddRow("0", $"{figures.WithoutMedian:0}");
            table.AddRow($"{figures.Pending}", $"{figures.WithMedian:0} ({figures.Ratio:0.00} of it)");
            screen.Show(table);

            return true;
        }, ct));
        return command;
    }
}
