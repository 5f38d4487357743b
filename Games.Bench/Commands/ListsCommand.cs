using System.CommandLine;
using System.Diagnostics;
using Games.Bench.Driving;
using Games.Bench.Lists;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;
using Spectre.Console;

namespace Games.Bench.Commands;

internal static class ListsCommand
{
    public static Command Create()
    {
        var games = CommonOptions.Number("--games", "Games, of three years", 1_000_000, 100, 5_000_000);
        var players = CommonOptions.Number("--players", "Seats taken in them, and places on waiting lists", 10_000_000, 0, 50_000_000);
        var guilds = CommonOptions.Number("--guilds", "Guilds; the largest has 8 % of the games of 2,000", 2_000, 1, 100_000);
        var hosts = CommonOptions.Number("--hosts", "Who hosts", 50_000, 1, 5_000_000);
        var users = CommonOptions.Number("--users", "Who plays", 500_000, 1_000, 50_000_000);
        var requests = CommonOptions.Number("--requests", "Requests for each page of each list", 1_000, 1, 100_000);
        var clients = CommonOptions.Number("--clients", "HTTP clients that ask at once", 8, 1, 1_024);
        var pages = CommonOptions.Number("--pages", "Pages of 100 before the page deep inside", 20, 1, 1_000);
        var only = new Option<string?>("--only") { Description = "Only lists whose name contains this", HelpName = "TEXT" };
        var plansTo = new Option<FileInfo?>("--plans")
        {
            Description = "Write the plans of each list's statements (EXPLAIN ANALYZE)",
            HelpName = "FILE",
        };
        var (system, json) = (new SystemOptions(), CommonOptions.Json());
        var command = new Command("lists", """
            GET /games on many games: each filter and what goes together, newest and soonest first, the first page and one deep inside.
            It fills a private PostgreSQL by COPY and starts the API on it, and before it the limit, which has one list: all, newest first.
            Exit code 1 if a plan reads a whole table, or a request is refused; a p99 that is not below 20 ms is red.
            """)
        {
            games, players, guilds, hosts, users, requests, clients, pages, only, plansTo, system.ApiDll, system.BotDll,
            system.LimitProject, json,
        };

        command.SetAction((options, ct) => ExitCode.OfAsync(async () =>
        {
            var screen = new Screen(options.GetValue(json));
            var many = new ManyGames(
                options.GetValue(games), options.GetValue(players), options.GetValue(guilds), options.GetValue(hosts), options.GetValue(users));
            var load = new ListsLoad(many, options.GetValue(requests), options.GetValue(clients), options.GetValue(pages));
            await using var file = options.GetValue(plansTo) is { } to ? new StreamWriter(to.FullName) : TextWriter.Null;

            var figures = await screen.WatchAsync(async begin =>
            {
                var plans = new QueryPlans();
                // Nothing is published, so no broker is needed.
                await using var servers = await Servers.OpenAsync(null, Backlog.NoBroker, allowRemote: false, ct, QueryPlans.Settings, plans.Read);
                var (ours, limit) = (system.Ours(options), await system.BuildLimitAsync(options, ct));
                await ours.PrepareAsync(servers, ct);
                await using var database = GamesDatabase.Open(servers.ConnectionStringTo(ours.Database));
                var started = Stopwatch.GetTimestamp();
                await new GamesGenerator(database, many).RunAsync(begin, ct);
                var filled = Stopwatch.GetElapsedTime(started);

                var all = ListQuery.All(many, TimeProvider.System.GetUtcNow());
                var lists = all.Where(list => list.Name.Contains(options.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase)).ToList();
                var key = await BenchKey.CreateAsync(database, ct);
                var ofLimit = await OnAsync(ours.NewLists(servers, limit), run => run.FirstPageAsync(all[0], ct));
                return new ListsFigures(
                    load, filled.TotalSeconds, ofLimit, await OnAsync(ours.NewApi(servers), run => run.RunAsync(lists, Write, begin, ct)));

                async Task<T> OnAsync<T>(MeasuredService service, Func<ListsRun, Task<T>> measure)
                {
                    await using (service)
                    {
                        await service.StartAsync(ct);
                        using var api = new ApiConnections(service.Address, key, load.Clients);
                        return await measure(new ListsRun(api, database, plans, load));
                    }
                }
            });
            screen.Show(figures, figures.Complaints, TableOf(figures));
            return figures.Passed;

            void Write(ListQuery list, IReadOnlyList<string> plans) =>
                file.WriteLine($"== {list.Name}, {list.Order} first\n{string.Join('\n', plans)}\n");
        }, ct));
        return command;
    }

    private static Table TableOf(ListsFigures figures)
    {
        var (load, many) = (figures.Load, figures.Load.Many);
        var table = Screen.TableOf(
            $"{many.Games} games, {many.Players} players, filled in {figures.FillSeconds:0} s; {load.Clients} clients, ms",
            "list", "order", "first, p50", "p99", "deep, p50", "p99", "plan", "rows discarded");
        table.AddRow("limit: all", "newest", $"{figures.Limit.P50:0.0}", Bounded(figures.Limit.P99));
        foreach (var list in figures.Lists)
        {
            table.AddRow(
                list.Name,
                list.Order,
                $"{list.First.P50:0.0}",
                Bounded(list.First.P99),
                $"{list.Deep.P50:0.0}",
                Bounded(list.Deep.P99),
                list.Scanned.Count == 0 ? "by index" : $"[red]scan {string.Join(", ", list.Scanned)}[/]",
                $"{list.MostDiscarded}");
        }
        return table;
    }

    private static string Bounded(double? milliseconds) =>
        milliseconds < ListsFigures.MostMilliseconds ? $"{milliseconds:0.0}" : $"[red]{milliseconds:0.0}[/]";
}
