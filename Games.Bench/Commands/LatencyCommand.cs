using System.CommandLine;
using Games.Bench.Measuring;
using Games.Bench.Running;
using Games.Bench.Showing;

namespace Games.Bench.Commands;

internal static class LatencyCommand
{
    public static Command Create()
    {
        var (rate, seconds, warmUp) = (CommonOptions.Rate("--rate"), CommonOptions.Seconds("--seconds", 30), CommonOptions.WarmUp());
        var (api, database, allowRemote) = (CommonOptions.Api(), CommonOptions.GamesDb(""), CommonOptions.AllowRemote());
        var (timeout, json, svg) = (CommonOptions.Timeout(), CommonOptions.Json(), CommonOptions.Svg());
        var command = new Command("latency", "Post games at a constant rate, answered or not; how long from a game's commit to its announcement")
        {
            rate, seconds, warmUp, api, database, timeout, svg, json, allowRemote,
        };

        command.SetAction((options, ct) => Outcome.OfAsync(async () =>
        {
            Loopback.Demand(options.GetValue(api)!, options.GetValue(allowRemote));
            var screen = new Screen(options.GetValue(json));
            await using var source = GamesDatabase.Open(Outcome.GamesDb(options.GetValue(database)));
            var job = new Job(options.GetValue(api)!, source, TimeSpan.FromSeconds(options.GetValue(timeout)));

            var figures = await screen.WatchAsync(async begin =>
            {
                await job.WarmUpAsync(options.GetValue(warmUp), clients: 4, begin, ct);
                return await job.LatencyAsync(options.GetValue(rate), options.GetValue(seconds), begin, ct);
            });

            JobReport.Show(screen, $"{options.GetValue(rate)} games a second for {options.GetValue(seconds)} s", figures, options.GetValue(svg));
            return figures.Passed;
        }, ct));
        return command;
    }
}
