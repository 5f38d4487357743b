using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;
using Npgsql;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class DrainCommand
{
    public static Command Create()
    {
        var messages = CommonOptions.Number("--messages", "Rows in the outbox when the API is started", 50_000, 1, 2_000_000);
        var limit = new Option<bool>("--limit") { Description = "Drain the limit's outbox instead of ours" };
        var programs = new ProgramOptions();
        var apiCommand = new Option<string?>("--api-command") { Description = "Any other implementation: the command line that starts its API at --api, on the database of --games-db, which has its tables", HelpName = "CMD" };
        var botCommand = new Option<string?>("--bot-command") { Description = "With --api-command: starts its bot at --bot, once, so that its queue is bound", HelpName = "CMD" };
        var botAddress = CommonOptions.Url("--bot", "Where that bot listens", "http://127.0.0.1:5081");
        var outboxTable = new Option<string>("--outbox-table") { Description = "With --api-command: its outbox, as SQL writes it", HelpName = "NAME", DefaultValueFactory = _ => "\"OutboxMessage\"" };
        var queue = new Option<string?>("--queue") { Description = "With --api-command: the bot's queue, to count what arrived there", HelpName = "NAME" };
        var (api, database, rabbitMq) = (CommonOptions.Api(), CommonOptions.GamesDb("; else a private server"), CommonOptions.RabbitMq("; else a private server"));
        var timeout = CommonOptions.Number("--timeout", "Seconds that the draining may take", 120, 1, 3_600);
        var (json, svg, allowRemote) = (CommonOptions.Json(), CommonOptions.Svg(), CommonOptions.AllowRemote());
        var command = new Command("drain", """
            Fill an outbox while nothing relays, then start the API with the bot off: how fast do the rows leave.
            One game is posted to get a row; the row is copied under new message ids; then time runs from the last moment at which no row had left until the table is empty. The bot's queue must have grown by as many messages.
            Without --api-command it starts ours (or the limit) in a database of its own.
            """)
        {
            messages, limit, programs.ApiDll, programs.BotDll, programs.LimitProject, apiCommand, api, botCommand, botAddress, outboxTable, queue, database, rabbitMq, timeout, svg, json, allowRemote,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var patience = TimeSpan.FromSeconds(options.GetValue(timeout));
            var (postgres, broker) = (Outcome.GamesDb(options.GetValue(database)), Outcome.RabbitMq(options.GetValue(rabbitMq)));

            if (options.GetValue(apiCommand) is { } start)
            {
                Loopback.Demand(options.GetValue(api)!, options.GetValue(allowRemote));
                await using var source = GamesDatabase.Open(postgres);
                Loopback.Demand(new NpgsqlConnectionStringBuilder(postgres), options.GetValue(allowRemote));
                var drain = new Drain(
                    source,
                    options.GetValue(outboxTable)!,
                    (Shell(start), options.GetValue(api)!),
                    options.GetValue(botCommand) is { } startBot ? (Shell(startBot), options.GetValue(botAddress)!) : null,
                    broker is not null && options.GetValue(queue) is { } name ? (broker, name) : null,
                    patience);
                return Show(screen, "the given API", await screen.WatchAsync(begin => drain.RunAsync(options.GetValue(messages), begin, ct)), options.GetValue(svg));
            }

            await using var servers = await Servers.OpenAsync(postgres, broker, options.GetValue(allowRemote), ct);
            var implementation = options.GetValue(limit) ? await programs.LimitAsync(options, servers, ct) : programs.Ours(options);
            await implementation.PrepareAsync(servers, ct);
            await using var own = GamesDatabase.Open(servers.ConnectionStringTo(implementation.Database));
            var (apiPort, botPort) = (AppHost.Servers.FreePort.Next(), AppHost.Servers.FreePort.Next());
            var ownDrain = new Drain(
                own,
                implementation.OutboxTable,
                (implementation.Api(servers, apiPort), Implementation.AddressAt(apiPort)),
                (implementation.Bot(servers, botPort), Implementation.AddressAt(botPort)),
                (servers.RabbitMq, implementation.Queue),
                patience);
            return Show(screen, implementation.Name, await screen.WatchAsync(begin => ownDrain.RunAsync(options.GetValue(messages), begin, ct)), options.GetValue(svg));
        }, ct));
        return command;
    }

    // exec, so that the process that we measure and stop is the API and not a shell around it.
    private static AppHost.Servers.Command Shell(string commandLine) => new("/bin/sh", "-c", $"exec {commandLine}");

    private static bool Show(Screen screen, string name, DrainFigures figures, FileInfo? svg)
    {
        if (screen.Json)
            Outcome.PrintJson(figures);

        var table = new Table().Title($"{figures.Messages} messages drained by {name}, bot off").Border(TableBorder.Rounded).AddColumn("figure").AddColumn(new TableColumn("value").RightAligned());
        table.AddRow("messages a second", $"{figures.MessagesPerSecond:0}");
        table.AddRow("first to last row", $"{figures.Seconds:0.0} s");
        table.AddRow("start of the API to first row", $"{figures.SecondsToFirst:0.0} s");
        table.AddRow("rows left", $"{figures.Left}");
        table.AddRow("messages that arrived in the queue", figures.QueueGrewBy?.ToString() ?? "not counted");
        table.AddRow("API's memory at most", $"{figures.ApiPeakMebibytes:0} MiB");
        screen.Show(table);

        foreach (var complaint in figures.Complaints)
            Screen.Complain(complaint);
        if (svg is not null)
            Charts.OfDrain(name, figures).WriteTo(svg);
        return !figures.Complaints.Any();
    }
}
