using System.CommandLine;

namespace Games.Bench.Commands;

internal static class LoadCommand
{
    public static Command Create()
    {
        var (games, clients, warmUp) = (CommonOptions.Games(), CommonOptions.Clients(), CommonOptions.WarmUp());
        return JobCommand.Create(
            "load",
            "Post games from many clients at once; how many are accepted and announced a second, and whether each is announced exactly once",
            [games, clients, warmUp],
            async (options, job, begin, ct) =>
            {
                await job.WarmUpAsync(options.GetValue(warmUp), options.GetValue(clients), begin, ct);
                return await job.LoadAsync(options.GetValue(games), options.GetValue(clients), begin, ct);
            },
            options => $"{options.GetValue(games)} games, {options.GetValue(clients)} clients",
            new MixOption(games, clients, warmUp));
    }
}
