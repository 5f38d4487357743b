using System.Globalization;

namespace Games.Bench.Lists;

/// <summary>How many of what. The sizes of guilds, and how often hosts and users play, are skewed: a few have much, most have little.</summary>
/// <param name="Players">Seats and places of waiting lists taken, over all games.</param>
/// <param name="Users">Who take them.</param>
internal sealed record ManyGames(int Games, int Players, int Guilds, int Hosts, int Users)
{
    /// <summary>The games of these years are there; the last is of now.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromDays(3 * 365);

    // Exponents of a uniform number. The largest of 2,000 guilds gets 8 % of all games, the keenest of 50,000 hosts 0.07 %: 700 games in 3 years,
    // and the keenest of 500,000 users 0.016 % of all seats: 1,600 games.
    private const double SkewOfGuilds = 3;
    private const double SkewOfPeople = 1.5;

    public string GuildOf(Random random) => Snowflake(1, Draw(random, Guilds, SkewOfGuilds));

    public string HostOf(Random random) => Snowflake(3, Draw(random, Hosts, SkewOfPeople));

    public int UserOf(Random random) => Draw(random, Users, SkewOfPeople);

    public static string UserId(int user) => Snowflake(4, user);

    public static string ChannelOf(string guild) => $"2{guild[1..]}";

    private static int Draw(Random random, int count, double skew) => (int)(count * Math.Pow(random.NextDouble(), skew));

    private static string Snowflake(long kind, int number) => (kind * 100_000_000_000_000_000 + number).ToString(CultureInfo.InvariantCulture);
}
