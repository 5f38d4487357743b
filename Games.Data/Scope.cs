namespace Games.Data;

/// <summary>What a key lets its holder do.</summary>
public static class Scope
{
    public const string GamesRead = "games:read";
    public const string GamesWrite = "games:write";
    public const string EventsRead = "events:read";
    public const string EventsPublish = "events:publish";

    /// <summary>To publish events that only our own services say, such as <c>game.created</c>; beside <see cref="EventsPublish"/>.</summary>
    public const string EventsInternal = "events:internal";

    public const string Ops = "ops";

    public static readonly IReadOnlyList<string> All = [GamesRead, GamesWrite, EventsRead, EventsPublish, EventsInternal, Ops];

    /// <summary>Those that end at a guild. The journal and the outbox hold what happens in every guild.</summary>
    public static readonly IReadOnlyList<string> OfAGuild = [GamesRead, GamesWrite];
}
