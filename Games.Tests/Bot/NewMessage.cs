extern alias Bot;

using System.Globalization;
using Bot::Games.Bot.Ingestion;
using Games.Contracts;

namespace Games.Tests.Bot;

/// <summary>A message that breaks no rule, with an id of its own; a test names only what it is about.</summary>
internal static class NewMessage
{
    public const string GuildId = "100000000000000001";
    public const string ChannelId = "200000000000000002";
    public const string AuthorId = "300000000000000003";
    public const string OwnId = "400000000000000004";

    public static readonly DateTimeOffset SentAt = new(2025, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static long _last = 500_000_000_000_000_000 + Random.Shared.NextInt64(1_000_000_000_000) * 1_000_000;

    public static string NextId() => Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);

    public static IncomingMessage With(string content = "hello", string channelId = ChannelId, string authorId = AuthorId, bool isFromBot = false) =>
        new(NextId(), channelId, GuildId, authorId, "anna", isFromBot, content, SentAt);

    public static DiscordMessageReceived Event(string? id = null, string? content = "hello", DateTimeOffset? editedAt = null) =>
        new(id ?? NextId(), ChannelId, GuildId, AuthorId, "anna", content, SentAt, EditedAt: editedAt);

    public static DiscordMessageReceived Deletion(string id) =>
        new(id, ChannelId, GuildId, null, null, null, SentAt, DeletedAt: SentAt.AddHours(1));
}
