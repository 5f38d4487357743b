using Games.Bench.Measuring;

namespace Games.Bench.Discord;

/// <summary>The load of a run.</summary>
/// <param name="Rate">Games a second.</param>
/// <param name="Channels">Over which the games go, in turn.</param>
/// <param name="ClickRate">Clicks a second, after the games.</param>
/// <param name="Seconds">Of each.</param>
/// <param name="WarmUpSeconds">The same, not counted, before.</param>
/// <param name="Timeout">How long the last message may take.</param>
internal sealed record DiscordLoad(double Rate, int Channels, double ClickRate, int Seconds, int WarmUpSeconds, TimeSpan Timeout);

/// <summary>What one round of games and clicks met.</summary>
/// <param name="Refused">Games that the API did not take, by its answer.</param>
/// <param name="MessageMilliseconds">From a game's <c>created_at</c>, which is before its commit, to its message in Discord.</param>
/// <param name="Missing">Games without a message in Discord.</param>
/// <param name="Doubled">Games with more than one.</param>
/// <param name="ClickMilliseconds">From the moment a click was due to the sentence that its user sees.</param>
/// <param name="Unanswered">Clicks whose user saw something else than where they stand in the game, by what that was.</param>
/// <param name="TooEarly">Requests that the bot sent before a rate limit let it.</param>
internal sealed record DiscordFigures(
    int Games,
    IReadOnlyDictionary<string, int> Refused,
    Distribution MessageMilliseconds,
    int Missing,
    int Doubled,
    Distribution ClickMilliseconds,
    IReadOnlyDictionary<string, int> Unanswered,
    int TooEarly)
{
    public const double MostMessageP50 = 60;
    public const double MostMessageP99 = 250;
    public const double MostClickP99 = 300;

    public bool Passed => !Complaints.Any();

    /// <summary>What would be wrong on any machine: how fast it is, is shown beside what is asked for.</summary>
    public IEnumerable<string> Complaints
    {
        get
        {
            foreach (var (answer, times) in Refused)
                yield return $"{times} games were refused: {answer}.";
            if (Missing > 0)
                yield return $"{Missing} games have no message in Discord.";
            if (Doubled > 0)
                yield return $"{Doubled} games have more than one message in Discord.";
            foreach (var (seen, times) in Unanswered)
                yield return $"{times} clicks were not answered as they should be: {seen}.";
            if (TooEarly > 0)
                yield return $"{TooEarly} requests came before a rate limit let them.";
        }
    }
}
