namespace Games.DiscordClient.Gateway;

/// <summary>What a connection's end means for its session.</summary>
internal enum Aftermath
{
    /// <summary>It goes on: to try costs nothing but an answer that it is over.</summary>
    Resume,

    /// <summary>It is over, and a new one begins.</summary>
    Identify,

    /// <summary>No session can begin.</summary>
    Fatal,
}

internal static class CloseCodes
{
    /// <summary>Ours: with 1000 or 1001 a session would end.</summary>
    public const int Resuming = 4900;

    public static Aftermath AftermathOf(int? code) => code switch
    {
        4004 or 4010 or 4011 or 4012 or 4013 or 4014 => Aftermath.Fatal,
        1000 or 1001 or 4001 or 4003 or 4005 or 4007 or 4009 => Aftermath.Identify,
        _ => Aftermath.Resume,
    };

    public static string MeaningOf(int code) => code switch
    {
        4004 => "the token is wrong (Discord:Token)",
        4010 => "the shard is wrong",
        4011 => "there are too many guilds for so few shards",
        4012 => "the version of the API is not served any more",
        4013 => "the intents are wrong",
        4014 => "an intent is not allowed: switch it on in Discord's developer portal (MESSAGE CONTENT INTENT)",
        _ => "closed",
    };
}
