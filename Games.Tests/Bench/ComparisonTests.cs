using Games.Bench.Measuring;

namespace Games.Tests.Bench;

public sealed class ComparisonTests
{
    [Fact]
    public void A_figure_is_the_ratio_of_the_medians_of_the_rounds()
    {
        var comparison = Compare(
            [RoundWith(endToEnd: 600), RoundWith(endToEnd: 100), RoundWith(endToEnd: 900)],
            [RoundWith(endToEnd: 1_000), RoundWith(endToEnd: 2_000), RoundWith(endToEnd: 1_200)]);

        var figure = comparison.Figures.Single(figure => figure.Name == Comparison.EndToEnd);

        Assert.Equal((600, 1_200, 0.5), (figure.OursMedian, figure.LimitMedian, figure.Ratio));
    }

    [Fact]
    public void A_round_that_lost_games_has_no_end_to_end_figure_and_is_complained_about()
    {
        var comparison = Compare(
            [RoundWith(endToEnd: 600), RoundWith(endToEnd: null, "1 accepted, but not announced: x")], [RoundWith(endToEnd: 1_000)]);

        Assert.Equal([600], comparison.Figures.Single(figure => figure.Name == Comparison.EndToEnd).Ours);
        Assert.Equal(["ours, round 2: 1 accepted, but not announced: x"], comparison.Complaints);
    }

    [Fact]
    public void A_side_without_a_figure_has_no_ratio()
    {
        var comparison = Compare([RoundWith(endToEnd: null)], [RoundWith(endToEnd: 1_000)]);

        Assert.Null(comparison.Figures.Single(figure => figure.Name == Comparison.EndToEnd).Ratio);
    }

    [Fact]
    public void A_side_that_accepts_nothing_is_complained_about()
    {
        var nothing = RoundWith(endToEnd: null) with { Load = Figures(endToEnd: null) with { Accepted = 0 } };

        Assert.Equal(["limit, round 1: No POST was accepted."], Compare([RoundWith(endToEnd: 1)], [nothing]).Complaints);
    }

    [Fact]
    public void Processor_time_is_told_a_game_and_where_it_is_known()
    {
        var figures = Compare([RoundWith(endToEnd: 1)], [RoundWith(endToEnd: 1)]).Figures.ToDictionary(figure => figure.Name);

        Assert.Equal(0.5, figures["API, processor time a game"].OursMedian!.Value, precision: 6);
        Assert.Equal(0.7, figures["bot, processor time a game"].OursMedian!.Value, precision: 6);
        Assert.Null(figures["PostgreSQL, processor time a game"].OursMedian);
    }

    [Fact]
    public void A_peer_stands_in_the_same_table_with_its_share_of_the_limit()
    {
        var comparison = Compare([RoundWith(endToEnd: 600)], [RoundWith(endToEnd: 1_000)]) with
        {
            Peers = new Dictionary<string, IReadOnlyList<Round>> { ["wolverine"] = [RoundWith(endToEnd: 400, "1 twice"), RoundWith(endToEnd: 300)] },
        };

        var figure = comparison.Figures.Single(figure => figure.Name == Comparison.EndToEnd);

        Assert.Equal((350, 0.35), (figure.PeerMedians["wolverine"], figure.PeerRatios["wolverine"]));
        Assert.Equal(0.6, figure.Ratio);
        Assert.Equal(["wolverine, round 1: 1 twice"], comparison.Complaints);
    }

    private static Comparison Compare(Round[] ours, Round[] limit) => new(Games: 100, Clients: 32, Rate: 40, ours, limit);

    private static Round RoundWith(double? endToEnd, params string[] complaints) =>
        new(Figures(endToEnd, complaints), Figures(endToEnd: 40), ApiMebibytes: 100, BotMebibytes: 90,
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2),
            ApiCpu: TimeSpan.FromMilliseconds(50), BotCpu: TimeSpan.FromMilliseconds(70), PostgresCpu: null);

    private static JobFigures Figures(double? endToEnd, params string[] complaints) => new(
        Games: 100, Accepted: 100, new Dictionary<string, int>(), AcceptedPerSecond: 900,
        Distribution.Of([1]), endToEnd, Distribution.Of([8]), complaints);
}
