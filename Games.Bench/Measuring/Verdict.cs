namespace Games.Bench.Measuring;

/// <summary>The accepted games that are not stored and announced exactly once.</summary>
internal sealed record Verdict(
    IReadOnlyList<Guid> NotStored, IReadOnlyList<Guid> NotAnnounced, IReadOnlyList<Guid> AnnouncedTwice, IReadOnlyList<Guid> AnsweredTwice)
{
    private const int IdsShown = 10;

    public bool IsClean => NotStored.Count + NotAnnounced.Count + AnnouncedTwice.Count + AnsweredTwice.Count == 0;

    public IEnumerable<string> Complaints =>
        from finding in new[]
        {
            (Games: NotStored, What: "accepted, but not in games"),
            (Games: NotAnnounced, What: "accepted, but not announced"),
            (Games: AnnouncedTwice, What: "announced more than once"),
            (Games: AnsweredTwice, What: "one id, answered to more than one POST"),
        }
        where finding.Games.Count > 0
        let rest = finding.Games.Count > IdsShown ? $" and {finding.Games.Count - IdsShown} more" : ""
        select $"{finding.Games.Count} {finding.What}: {string.Join(", ", finding.Games.Take(IdsShown))}{rest}";
}
