namespace Games.Data;

/// <summary>
/// What one process at a time does, until its lease ends by the database's clock. Each new holder has a higher <see cref="Fence"/>: what an older
/// one still writes is refused by it.
/// </summary>
public sealed class Lease
{
    public const int NameMaxLength = 50;
    public const int ProblemMaxLength = 300;

    /// <summary>Begins the name of the lease by which a bot tells that it lives and has a token of Discord's.</summary>
    public const string BotPrefix = "bot ";

    private Lease()
    {
    }

    public string Name { get; private set; } = null!;
    public Guid Owner { get; private set; }
    public long Fence { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>Of a bot: what keeps it from Discord.</summary>
    public string? Problem { get; private set; }
}
