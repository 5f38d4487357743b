namespace Games.Bench.Measuring;

/// <param name="Games">Posted at full load, before the soak; half of what was announced a second is the soak's rate.</param>
/// <param name="Parts">After each the memory is read.</param>
/// <param name="Seconds">Of each part.</param>
internal sealed record SoakLoad(int WarmUp, int Games, int Clients, int Parts, int Seconds);

/// <summary>One part of a soak.</summary>
/// <param name="Accepted">Games of this part.</param>
/// <param name="RequestMilliseconds">Of accepted POSTs, from when each was due.</param>
/// <param name="AnnouncementMilliseconds">announcements.created_at - games.created_at.</param>
/// <param name="ApiMebibytes">VmRSS at the end of the part.</param>
/// <param name="BotMebibytes">The same of the bot.</param>
internal sealed record SoakPart(
    int Accepted,
    IReadOnlyDictionary<string, int> Refused,
    Distribution RequestMilliseconds,
    Distribution AnnouncementMilliseconds,
    double ApiMebibytes,
    double BotMebibytes);

/// <summary>A constant load for a long time: what stays as it is, and what grows.</summary>
/// <param name="FullPerSecond">Games announced a second at full load, before it.</param>
/// <param name="Rate">Games posted a second.</param>
internal sealed record SoakFigures(SoakLoad Load, double FullPerSecond, double Rate, IReadOnlyList<SoakPart> Parts, IReadOnlyList<string> Complaints)
{
    public bool Passed => Complaints.Count == 0 && Parts.Sum(part => part.Accepted) > 0;

    public IReadOnlyList<SoakPart> FirstThird => [.. Parts.Take(ThirdOf(Parts.Count))];

    public IReadOnlyList<SoakPart> LastThird => [.. Parts.TakeLast(ThirdOf(Parts.Count))];

    private static int ThirdOf(int parts) => Math.Max(1, parts / 3);
}
