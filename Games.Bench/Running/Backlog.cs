using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Running;

/// <summary>What a backlog costs those who add to it: POSTs with an empty outbox and with a full one in turn, the broker away.</summary>
internal sealed class Backlog(NpgsqlDataSource database, string outboxTable, Uri api)
{
    /// <summary>An address where no broker is: nothing leaves the outbox of a service that is given it.</summary>
    public const string NoBroker = "amqp://guest:guest@127.0.0.1:1/";

    private readonly OutboxTable outbox = new(database, outboxTable);

    public async Task<BacklogFigures> RunAsync(
        AppHost.Servers.Command start, int pending, int games, int clients, int rounds, int warmUp, Func<string, double, IPhase> begin, CancellationToken ct)
    {
        await outbox.CatchTemplateAsync(ct);
        await using var service = await RunningService.StartAsync("The API", start, api, ct);
        await PostAsync(Math.Max(warmUp, 1), clients, begin("games of the warm-up", warmUp), ct);
        if (!await outbox.HasTemplateAsync(ct))
            throw new BenchException($"A game was accepted, but no row came into {outboxTable}: it is not this implementation's outbox.");

        var (without, with) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            await outbox.EmptyAsync(ct);
            without.Add(await PostAsync(games, clients, begin($"round {round}: games posted, nothing pending", games), ct));
            await outbox.EmptyAsync(ct);
            await outbox.FillAsync(pending, ct);
            with.Add(await PostAsync(games, clients, begin($"round {round}: games posted, {pending} pending", games), ct));
        }

        await outbox.ForgetTemplateAsync(ct);

        return new BacklogFigures(pending, without, with);
    }

    private async Task<double> PostAsync(int games, int clients, IPhase phase, CancellationToken ct)
    {
        using var poster = new GamePoster(api, "backlog", clients);
        var answers = await ClosedLoop.RunAsync(poster, games, clients, phase, ct);
        if (answers.Accepted.Count < games)
            throw new BenchException($"{api} accepted {answers.Accepted.Count} of {games} games: {string.Join(", ", answers.Refused.Select(x => $"{x.Value} × {x.Key}"))}.");

        return answers.AcceptedPerSecond;
    }
}
