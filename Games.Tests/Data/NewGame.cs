using Games.Data;

namespace Games.Tests.Data;

/// <summary>A game that breaks no rule; a test names only what it is about.</summary>
internal static class NewGame
{
    public const string GuildId = "100000000000000001";
    public const string ChannelId = "200000000000000001";
    public const string HostId = "300000000000000001";

    public static readonly DateTimeOffset Now = new(2030, 6, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset ScheduledAt = new(2031, 1, 1, 20, 0, 0, TimeSpan.FromHours(1));

    public static Game With(
        string guildId = GuildId,
        string channelId = ChannelId,
        string hostId = HostId,
        string title = "Friday raid",
        string? description = null,
        string? location = null,
        DateTimeOffset? scheduledAt = null,
        int? durationMinutes = null,
        int maxPlayers = 5,
        DateTimeOffset? now = null,
        params int[] reminders) =>
        Game.Create(
            guildId,
            channelId,
            hostId,
            new(title, description, location, scheduledAt ?? ScheduledAt, durationMinutes, maxPlayers, reminders),
            now ?? Now);

    public static void JoinBy(this Game game, params IEnumerable<string> userIds)
    {
        foreach (var userId in userIds)
            game.Join(userId, displayName: null, userId, Now);
    }
}
