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
        var (rate, seconds) = (CommonOptions.Number("--rate", "Events inserted a second, one by one", 40, 1, 5_000), CommonOptions.Seconds(20));
        var rows = CommonOptions.Number("--rows", "Events inserted in one statement", 10_000, 1, 1_000_000);
        var correlations = CommonOptions.Number(
            "--correlations", "Correlations that a fifth of those events shares: they leave in order, one after the other", 0, 0, 1_000_000);
        var messages = CommonOptions.Number("--messages", "Messages of Discord to ingest", 10_000, 1, 1_000_000);
        var idle = CommonOptions.Number("--idle", "Seconds at rest in which statements are counted; 0: not measured", 60, 0, 3_600);
        var warmUp = CommonOptions.Number("--warm-up", "Events and messages that go through before the measuring begins", 3_000, 0, 100_000);
        var system = new SystemOptions();
        var (timeout, json) = (CommonOptions.Timeout("Seconds that the last of anything may take", 60), CommonOptions.Json());
        var command = new Command("events", """
            The journal and the ingestion: how soon a row inserted by SQL is at a consumer, how fast many rows of one statement and many
            messages of Discord get through, each exactly once, and which statements the database gets at rest.
            It starts the API and the bot in a database of its own, and before them the limit, which ingests the same messages. Exit code 1 if
            anything is lost, or comes more than once; how fast it is, is shown beside what is asked for and beside the limit.
            """)
        {
            rate, seconds, rows, correlations, messages, idle, warmUp, system.ApiDll, system.BotDll, system.LimitProject, system.GamesDb,
            system.RabbitMq, timeout, json, system.AllowRemote,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var load = new EventsLoad(
                options.GetValue(rate),
                options.GetValue(seconds),
                options.GetValue(rows),
                options.GetValue(correlations),
                options.GetValue(messages),
                options.GetValue(idle),
                options.GetValue(warmUp),
                TimeSpan.FromSeconds(options.GetValue(timeout)));

            var figures = await screen.WatchAsync(async begin =>
            {
                await using var servers = await system.OpenServersAsync(options, ct, load.IdleSeconds > 0 ? IdleStatements.Settings : null);
                // First: our bot's queue stays, and would be filled by what the limit is given.
                var limit = await IngestByLimitAsync(await system.BuildLimitAsync(options, ct), servers, load, begin, ct);
                var starting = begin("services started", 3);
                var ours = system.Ours(options);
                await ours.PrepareAsync(servers, ct);
                starting.Report(1);
                await using var bot = ours.NewBot(servers);
                await bot.StartAsync(ct);
                starting.Report(2);
                await using var api = ours.NewApi(servers);
                await api.StartAsync(ct);
                starting.Report(3);
                await using var database = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
                var run = new EventsRun(database, servers.RabbitMq, new(database, ours.OutboxTable), load);
                return await run.RunAsync(begin, ct) with { LimitIngest = limit };
            });
            screen.Show(figures, figures.Complaints, TableOf(figures));
            return figures.Passed;
        }, ct));
        return command;
    }

    private static async Task<BulkFigures> IngestByLimitAsync(
        Implementation limit, Servers servers, EventsLoad load, BeginPhase begin, CancellationToken ct)
    {
        await limit.PrepareAsync(servers, ct);
        await using var ingestion = limit.NewIngestion(servers);
        await ingestion.StartAsync(ct);
        await using var database = GamesDatabase.Open(servers.ConnectionStringTo(limit.Database));
        return await new EventsRun(database, servers.RabbitMq, new(database, limit.OutboxTable), load).IngestAsync(begin, ct);
    }

    private static Table TableOf(EventsFigures figures)
    {
        var (inserts, dispatch, ingest) = (figures.Inserts, figures.Dispatch, figures.Ingest);
        var (lost, repeats) = (inserts.Lost + dispatch.Lost + ingest.Lost, inserts.Repeats + dispatch.Repeats + ingest.Repeats);
        var milliseconds = inserts.Milliseconds;
        var table = Screen.TableOf("The journal and the ingestion", "figure", "measured", "asked for")
            .AddRow($"insert to consumer, {inserts.Events} events, p50", $"{milliseconds.P50:0.0} ms", $"≤ {EventsFigures.MostMilliseconds} ms")
            .AddRow("p90 / p99 / max", $"{milliseconds.P90:0.0} / {milliseconds.P99:0.0} / {milliseconds.Max:0.0} ms", "")
            .AddRow($"{dispatch.Count} events of one statement", $"{dispatch.PerSecond:0}/s", $"≥ {EventsFigures.LeastDispatchedPerSecond}/s")
            .AddRow($"{ingest.Count} messages ingested", $"{ingest.PerSecond:0}/s", "")
            .AddRow("the same by the limit; ours / limit", $"{figures.LimitIngest?.PerSecond:0}/s; {figures.IngestRatio:0.00}", "")
            .AddRow("lost / more than once", $"{lost} / {repeats}", "0 / 0");
        if (figures.Idle is not { Statements: { } statements } idle)
            return table;

        return table
            .AddRow(
                $"the journal's most frequent statement in {idle.Seconds:0} s at rest",
                $"{idle.MostFrequent?.Calls ?? 0} times",
                $"every {EventsFigures.LeastSecondsBetween} s")
            .AddRow("all statements of API and bot at rest, a minute", $"{statements.Sum(one => one.Calls) * 60 / idle.Seconds:0.0}", "");
    }
}
