using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;

namespace Games.Bench.Commands;

internal static class LoadCommand
{
    public static Command Create()
    {
        var (games, clients, warmUp) = (CommonOptions.Games(), CommonOptions.Clients(), CommonOptions.WarmUp());
        var (api, database, allowRemote) = (CommonOptions.Api(), CommonOptions.GamesDb(""), CommonOptions.AllowRemote());
        var (timeout, json, svg) = (CommonOptions.Timeout(), CommonOptions.Json(), CommonOptions.Svg());
        var command = new Command("load", "Post games from many clients at once; how many are accepted and announced a second, and whether each is announced exactly once")
        {
            games, clients, warmUp, api, database, timeout, svg, json, allowRemote,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            Loopback.Demand(options.GetValue(api)!, options.GetValue(allowRemote));
            var screen = new Screen(options.GetValue(json));
            await using var source = GamesDatabase.Open(Outcome.GamesDb(options.GetValue(database)));
            var job = new Job(options.GetValue(api)!, source, TimeSpan.FromSeconds(options.GetValue(timeout)));

            var figures = await screen.WatchAsync(async begin =>
            {
                await job.WarmUpAsync(options.GetValue(warmUp), options.GetValue(clients), begin, ct);
                return await job.LoadAsync(options.GetValue(games), options.GetValue(clients), begin, ct);
            });

            JobReport.Show(screen, $"{figures.Games} games, {options.GetValue(clients)} clients", figures, options.GetValue(svg));
            return figures.Passed;
        }, ct));
        return command;
    }
}
