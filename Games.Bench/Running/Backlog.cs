using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Running;

/// <summary>What a backlog costs its producers: POSTs with an empty outbox and with a full one in turn, without a broker.</summary>
internal sealed class Backlog(NpgsqlDataSource database, string outboxTable, MeasuredService api)
{
    /// <summary>An address without a broker: nothing leaves the outbox of a service that is given it.</summary>
    public const string NoBroker = "amqp://guest:guest@127.0.0.1:1/";

    private readonly OutboxTable _outbox = new(database, outboxTable);

    public async Task<BacklogFigures> RunAsync(int pending, int games, int clients, int rounds, int warmUp, BeginPhase begin, CancellationToken ct)
    {
        await _outbox.CaptureTemplateAsync(ct);
        await api.StartAsync(ct);
        await PostAsync(Math.Max(warmUp, 1), clients, begin("games of the warm-up", warmUp), ct);
        await _outbox.RequireTemplateAsync(ct);

        var (without, with) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            await _outbox.EmptyAsync(ct);
            without.Add(await PostAsync(games, clients, begin($"round {round}: games posted, nothing pending", games), ct));
            await _outbox.EmptyAsync(ct);
            await _outbox.FillAsync(pending, ct);
            with.Add(await PostAsync(games, clients, begin($"round {round}: games posted, {pending} pending", games), ct));
        }

        await _outbox.DropTemplateAsync(ct);
        return new BacklogFigures(pending, without, with);
    }

    private async Task<double> PostAsync(int games, int clients, IProgress<double> phase, CancellationToken ct)
    {
        using var poster = new GamePoster(api.Address, await BenchKey.CreateAsync(database, ct), "backlog", clients);
        var answers = await ClosedLoop.RunAsync(poster, games, clients, phase, ct);
        if (answers.Accepted.Count < games)
            throw new BenchException($"{api.Address} accepted {answers.Accepted.Count} of {games} games: {answers.RefusedText}.");

        return answers.AcceptedPerSecond;
    }
}
