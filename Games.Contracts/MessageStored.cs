namespace Games.Contracts;

/// <summary>A row of discord_messages is there or has changed; read it for what it says. <paramref name="Change"/>: created, edited or deleted.</summary>
public sealed record MessageStored(string MessageId, string ChannelId, string? GuildId, string Change, DateTimeOffset StoredAt);
