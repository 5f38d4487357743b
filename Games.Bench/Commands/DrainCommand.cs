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
        var given = new GivenOptions();
        var system = new SystemOptions();
        var timeout = CommonOptions.Timeout("Seconds that the draining may take");
        var (json, svg) = (CommonOptions.Json(), CommonOptions.Svg());
        var command = new Command("drain", """
            Fill an outbox while nothing relays, then start the API with the bot off: how fast do the rows leave.
            One game is posted to get a row; the row is copied under new message ids; then time runs from the last moment at which no row had
            left until the table is empty. The bot's queue must have grown by as many messages.
            Without --api-command it starts ours and then the limit, each in a database of its own.
            """)
        {
            messages, system.ApiDll, system.BotDll, system.LimitProject, given.ApiCommand, given.Api, given.BotCommand, given.Bot,
            given.OutboxTable, given.Queue, system.GamesDb, system.RabbitMq, timeout, svg, json, system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var (count, bound) = (options.GetValue(messages), TimeSpan.FromSeconds(options.GetValue(timeout)));
            var result = await screen.WatchAsync(async begin => options.GetValue(given.ApiCommand) is { } apiCommand
                ? new DrainResult("the given API", await given.DrainAsync(options, apiCommand, system, count, bound, begin, ct), Limit: null)
                : await DrainBothAsync(begin));

            screen.Show(result, result.Complaints, TableOf(result));
            if (options.GetValue(svg) is { } file)
                Charts.OfDrain(result.Name, result.Figures).WriteTo(file);
            return !result.Complaints.Any();

            async Task<DrainResult> DrainBothAsync(BeginPhase begin)
            {
                await using var servers = await system.OpenServersAsync(options, ct);
                var (ours, limit) = (system.Ours(options), await system.BuildLimitAsync(options, ct));
                return new(ours.Name, await DrainAsync(ours), await DrainAsync(limit));

                async Task<DrainFigures> DrainAsync(Implementation side)
                {
                    await side.PrepareAsync(servers, ct);
                    await using var database = GamesDatabase.Open(servers.ConnectionStringTo(side.Database));
                    await using var api = side.NewApi(servers);
                    await using var bot = side.NewBot(servers);
                    var drain = new Drain(database, side.OutboxTable, api, bot, (servers.RabbitMq, side.Queue), bound);
                    return await drain.RunAsync(count, (phase, total) => begin($"{side.Name}: {phase}", total), ct);
                }
            }
        }, ct));
        return command;
    }

    private static Table TableOf(DrainResult result)
    {
        DrainFigures[] sides = result.Limit is { } limit ? [result.Figures, limit] : [result.Figures];
        string[] names = result.Limit is null ? [result.Name] : [result.Name, "limit"];
        return Screen.TableOf($"{result.Figures.Messages} messages drained, bot off; ours / limit: {result.Ratio:0.00}", "figure", names)
            .AddRow(RowOf("messages a second", x => $"{x.MessagesPerSecond:0}"))
            .AddRow(RowOf("first to last row", x => $"{x.Seconds:0.0} s"))
            .AddRow(RowOf("start of the API to first row", x => $"{x.SecondsToFirst:0.0} s"))
            .AddRow(RowOf("rows left", x => $"{x.Left}"))
            .AddRow(RowOf("messages that arrived in the queue", x => x.QueueGrewBy?.ToString() ?? "not counted"))
            .AddRow(RowOf("API's memory at most", x => $"{x.ApiPeakMebibytes:0} MiB"));

        string[] RowOf(string figure, Func<DrainFigures, string> value) => [figure, .. sides.Select(value)];
    }

    /// <summary>Any other implementation, by the command lines that start it.</summary>
    private sealed class GivenOptions
    {
        public Option<string?> ApiCommand { get; } = new("--api-command")
        {
            Description = "Any other implementation: the command line that starts its API at --api on --games-db, which has its tables",
            HelpName = "CMD",
        };

        public Option<Uri> Api { get; } = CommonOptions.Api();

        public Option<string?> BotCommand { get; } = new("--bot-command")
        {
            Description = "With --api-command: starts its bot at --bot, once, so that its queue is bound",
            HelpName = "CMD",
        };

        public Option<Uri> Bot { get; } = CommonOptions.Url("--bot", "Where that bot listens", "http://127.0.0.1:5081");

        public Option<string> OutboxTable { get; } = new("--outbox-table")
        {
            Description = "With --api-command: its outbox, as SQL writes it",
            HelpName = "NAME",
            DefaultValueFactory = _ => "\"OutboxMessage\"",
        };

        public Option<string?> Queue { get; } = new("--queue")
        {
            Description = "With --api-command: the bot's queue, to count what arrived there",
            HelpName = "NAME",
        };

        public async Task<DrainFigures> DrainAsync(
            ParseResult options, string apiCommand, SystemOptions system, int messages, TimeSpan timeout, BeginPhase begin, CancellationToken ct)
        {
            var allowRemote = options.GetValue(system.AllowRemote);
            Loopback.Require(options.GetValue(Api)!, allowRemote);
            var connection = system.GamesDb.ValueIn(options);
            await using var database = GamesDatabase.Open(connection);
            Loopback.Require(new NpgsqlConnectionStringBuilder(connection), allowRemote);

            await using var api = new MeasuredService("The API", Shell(apiCommand), options.GetValue(Api)!);
            await using var bot = options.GetValue(BotCommand) is { } botCommand
                ? new MeasuredService("The bot", Shell(botCommand), options.GetValue(Bot)!)
                : null;
            (string, string)? queue = system.RabbitMq.ValueIn(options) is { } broker && options.GetValue(Queue) is { } name ? (broker, name) : null;
            return await new Drain(database, options.GetValue(OutboxTable)!, api, bot, queue, timeout).RunAsync(messages, begin, ct);
        }

        // exec, so that the process that is measured and stopped is the API and not a shell around it.
        private static AppHost.Servers.Command Shell(string commandLine) => new("/bin/sh", "-c", $"exec {commandLine}");
    }
}
