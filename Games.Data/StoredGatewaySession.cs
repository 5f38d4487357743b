namespace Games.Data;

/// <summary>A session of Discord's gateway, so that whichever process holds it next goes on where the last has stopped.</summary>
public sealed class StoredGatewaySession
{
    public const int SessionIdMaxLength = 200;
    public const int ResumeUrlMaxLength = 500;

    private StoredGatewaySession()
    {
    }

    public int Shard { get; private set; }
    public string SessionId { get; private set; } = null!;
    public string? ResumeUrl { get; private set; }

    /// <summary>Of the last event that was handled.</summary>
    public long Sequence { get; private set; }

    /// <summary>Among how many it was begun.</summary>
    public int Shards { get; private set; }

    public DateTimeOffset SavedAt { get; private set; }
}
