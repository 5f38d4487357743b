namespace Games.Contracts;

/// <summary>A row of discord_messages was written; read it for its content. <paramref name="Change"/>: created, edited or deleted.</summary>
public sealed record MessageStored(string MessageId, string ChannelId, string? GuildId, string Change, DateTimeOffset StoredAt);
