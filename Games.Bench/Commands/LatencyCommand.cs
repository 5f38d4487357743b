using System.CommandLine;

namespace Games.Bench.Commands;

internal static class LatencyCommand
{
    public static Command Create()
    {
        var (rate, seconds, warmUp) = (CommonOptions.Rate(), CommonOptions.Seconds(30), CommonOptions.WarmUp());
        return JobCommand.Create(
            "latency",
            "Post games at a constant rate, answered or not; how long from a game's commit to its announcement",
            [rate, seconds, warmUp],
            async (options, job, begin, ct) =>
            {
                await job.WarmUpAsync(options.GetValue(warmUp), clients: 4, begin, ct);
                return await job.LatencyAsync(options.GetValue(rate), options.GetValue(seconds), begin, ct);
            },
            options => $"{options.GetValue(rate)} games a second for {options.GetValue(seconds)} s");
    }
}
