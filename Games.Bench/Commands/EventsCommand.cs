using System.CommandLine;
using Games.Bench.Events;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class EventsCommand
{
    public static Command Create()
    {
        var (rate, seconds) = (CommonOptions.Number("--rate", "Events inserted a second, one by one", 40, 1, 5_000), CommonOptions.Seconds("--seconds", 20));
        var rows = CommonOptions.Number("--rows", "Events inserted in one statement", 10_000, 1, 1_000_000);
        var correlations = CommonOptions.Number("--correlations", "Correlations that a fifth of those events shares: they leave in order, one after the other", 0, 0, 1_000_000);
        var messages = CommonOptions.Number("--messages", "Messages of Discord to ingest", 10_000, 1, 1_000_000);
        var idle = CommonOptions.Number("--idle", "Seconds at rest in which statements are counted; 0: not measured", 60, 0, 3_600);
        var warmUp = CommonOptions.Number("--warm-up", "Events and messages that go through before the measuring begins", 3_000, 0, 100_000);
        var programs = new ProgramOptions();
        var (database, rabbitMq, allowRemote) = (CommonOptions.GamesDb("; else a private server"), CommonOptions.RabbitMq("; else a private server"), CommonOptions.AllowRemote());
        var timeout = CommonOptions.Number("--timeout", "Seconds that the last of anything may take", 60, 1, 3_600);
        var json = CommonOptions.Json();
        var command = new Command("events", $"""
            The journal and the ingestion: how soon a row inserted by SQL is at a consumer, how fast many rows of one statement and many messages of Discord get through, each exactly once, and what is said to the database at rest.
            It starts the API and the bot in a database of its own. Exit code 1 unless p50 is at most {EventsFigures.MostMilliseconds} ms, {EventsFigures.LeastDispatchedPerSecond} events/s are dispatched and {EventsFigures.LeastIngestedPerSecond} messages/s ingested, and no statement of the journal comes more often than every {EventsFigures.LeastSecondsBetween} s.
            """)
        {
            rate, seconds, rows, correlations, messages, idle, warmUp, programs.ApiDll, programs.BotDll, database, rabbitMq, timeout, json, allowRemote,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new EventsLoad(
                options.GetValue(rate), options.GetValue(seconds), options.GetValue(rows), options.GetValue(correlations), options.GetValue(messages), options.GetValue(idle), options.GetValue(warmUp),
                TimeSpan.FromSeconds(options.GetValue(timeout)));

            var figures = await screen.WatchAsync(async begin =>
            {
                var starting = begin("servers and services started", 3);
                await using var servers = await Servers.OpenAsync(
                    Outcome.GamesDb(options.GetValue(database)), Outcome.RabbitMq(options.GetValue(rabbitMq)), options.GetValue(allowRemote), ct, load.IdleSeconds > 0 ? IdleStatements.Settings : null);
                var ours = programs.Ours(options);
                await ours.PrepareAsync(servers, ct);
                starting.Reached(1);
                var (apiPort, botPort) = (AppHost.Servers.FreePort.Next(), AppHost.Servers.FreePort.Next());
                await using var bot = await RunningService.StartAsync("The bot", ours.Bot(servers, botPort), Implementation.AddressAt(botPort), ct);
                starting.Reached(2);
                await using var api = await RunningService.StartAsync("The API", ours.Api(servers, apiPort), Implementation.AddressAt(apiPort), ct);
                starting.Reached(3);
                await using var own = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
                return await new EventsRun(own, servers.RabbitMq, load).RunAsync(begin, ct);
            });
            Show(screen, figures);
            return figures.Passed;
        }, ct));
        return command;
    }

    private static void Show(Screen screen, EventsFigures figures)
    {
        if (screen.Json)
            Outcome.PrintJson(figures);

        var table = new Table().Title("The journal and the ingestion").Border(TableBorder.Rounded).AddColumn("figure");
        foreach (var column in new[] { "measured", "asked for" })
            table.AddColumn(new TableColumn(column).RightAligned());
        var milliseconds = figures.Inserts.Milliseconds;
        table.AddRow($"insert to consumer, {figures.Inserts.Events} events, p50", $"{milliseconds.P50:0.0} ms", $"≤ {EventsFigures.MostMilliseconds} ms");
        table.AddRow("p90 / p99 / max", $"{milliseconds.P90:0.0} / {milliseconds.P99:0.0} / {milliseconds.Max:0.0} ms", "");
        table.AddRow($"{figures.Dispatch.Count} events of one statement", $"{figures.Dispatch.PerSecond:0}/s", $"≥ {EventsFigures.LeastDispatchedPerSecond}/s");
        table.AddRow($"{figures.Ingest.Count} messages ingested", $"{figures.Ingest.PerSecond:0}/s", $"≥ {EventsFigures.LeastIngestedPerSecond}/s");
        table.AddRow("lost / more than once", $"{figures.Inserts.Lost + figures.Dispatch.Lost + figures.Ingest.Lost} / {figures.Inserts.Repeats + figures.Dispatch.Repeats + figures.Ingest.Repeats}", "0 / 0");
        if (figures.Idle is { Statements: { } statements } idle)
        {
            table.AddRow($"the journal's most frequent statement in {idle.Seconds:0} s at rest", $"{idle.MostFrequent?.Calls ?? 0} times", $"every {EventsFigures.LeastSecondsBetween} s");
            table.AddRow("all statements of API and bot at rest, a minute", $"{statements.Sum(one => one.Calls) * 60 / idle.Seconds:0.0}", "");
        }
        screen.Show(table);

        foreach (var complaint in figures.Complaints)
            Screen.Complain(complaint);
    }
}
