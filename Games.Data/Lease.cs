namespace Games.Data;

/// <summary>
/// What one process at a time does, until its lease ends by the database's clock. Each new holder has a higher <see cref="Fence"/>: what an older
/// one still writes is refused by it.
/// </summary>
public sealed class Lease
{
    public const int NameMaxLength = 50;

    private Lease()
    {
    }

    public string Name { get; private set; } = null!;
    public Guid Owner { get; private set; }
    public long Fence { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
}
