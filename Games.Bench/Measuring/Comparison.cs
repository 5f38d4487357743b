using System.Text.Json.Serialization;

namespace Games.Bench.Measuring;

/// <summary>The rounds of ours, of the limit and of the peers, taken in turn on the same servers.</summary>
internal sealed record Comparison(int Games, int Clients, double Rate, IReadOnlyList<Round> Ours, IReadOnlyList<Round> Limit)
{
    public static readonly string EndToEnd = "end to end";
    public static readonly string AcceptedPosts = "accepted POSTs";

    /// <summary>By name; none unless asked for.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Round>> Peers { get; init; } = new Dictionary<string, IReadOnlyList<Round>>();

    /// <summary>A round in which a figure could not be measured does not count for it, and is complained about.</summary>
    public IReadOnlyList<ComparedFigure> Figures =>
    [
        Of(EndToEnd, "games/s", round => round.Load.EndToEndPerSecond),
        Of(AcceptedPosts, "games/s", round => round.Load.AcceptedPerSecond),
        Of($"commit to announcement at {Rate:0.#}/s, p50", "ms", round => round.Latency.AnnouncementMilliseconds.P50),
        Of($"commit to announcement at {Rate:0.#}/s, p99", "ms", round => round.Latency.AnnouncementMilliseconds.P99),
        Of("API, resident", "MiB", round => round.ApiMebibytes),
        Of("bot, resident", "MiB", round => round.BotMebibytes),
        Of("API, start to ready", "s", round => round.ApiStartToReady.TotalSeconds),
        Of("bot, start to ready", "s", round => round.BotStartToReady.TotalSeconds),
        Of("API, processor time a game", "ms", round => PerGame(round.ApiCpu, round)),
        Of("bot, processor time a game", "ms", round => PerGame(round.BotCpu, round)),
        Of("PostgreSQL, processor time a game", "ms", round => PerGame(round.PostgresCpu, round)),
    ];

    public IReadOnlyList<string> Complaints =>
    [
        .. from side in Sides
           from round in side.Rounds.Index()
           from complaint in round.Item.Complaints
           select $"{side.Name}, round {round.Index + 1}: {complaint}",
    ];

    /// <summary>Each side with its rounds.</summary>
    [JsonIgnore]
    public IEnumerable<(string Name, IReadOnlyList<Round> Rounds)> Sides =>
        Peers.Select(peer => (peer.Key, peer.Value)).Prepend(("limit", Limit)).Prepend(("ours", Ours));

    /// <summary>POSTs that were not answered 201, over all rounds of one side.</summary>
    public static IReadOnlyDictionary<string, int> RefusedIn(IReadOnlyList<Round> rounds) => rounds
        .SelectMany(round => round.Load.Refused.Concat(round.Latency.Refused))
        .GroupBy(refusal => refusal.Key, refusal => refusal.Value)
        .ToDictionary(refusal => refusal.Key, refusal => refusal.Sum());

    private static double? PerGame(TimeSpan? time, Round round) => time?.TotalMilliseconds / round.Load.Accepted;

    private ComparedFigure Of(string name, string unit, Func<Round, double?> figure) =>
        new(name, unit, In(Ours, figure), In(Limit, figure))
        {
            Peers = Peers.ToDictionary(peer => peer.Key, peer => In(peer.Value, figure)),
        };

    private static IReadOnlyList<double> In(IReadOnlyList<Round> rounds, Func<Round, double?> figure) =>
        [.. rounds.Select(figure).OfType<double>()];
}
