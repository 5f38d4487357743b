namespace Games.Data;

public sealed class Game
{
    public const int TitleMaxLength = 200;
    public const int DescriptionMaxLength = 2000;
    public const int LocationMaxLength = 500;
    public const int MaxDurationMinutes = 1440;
    public const int MaxPlayersLimit = 100;
    public const int DefaultMaxPlayers = 10;

    private Game()
    {
    }

    public Guid Id { get; private set; }
    public string GuildId { get; private set; } = null!;
    public string ChannelId { get; private set; } = null!;
    public string HostId { get; private set; } = null!;
    public string Title { get; private set; } = null!;
    public string? Description { get; private set; }
    public string? Location { get; private set; }
    public DateTimeOffset ScheduledAt { get; private set; }
    public int? DurationMinutes { get; private set; }
    public int MaxPlayers { get; private set; }
    public GameStatus Status { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public static Game Create(
        string guildId,
        string channelId,
        string hostId,
        string title,
        string? description,
        string? location,
        DateTimeOffset scheduledAt,
        int? durationMinutes,
        int maxPlayers,
        DateTimeOffset now)
    {
        title = title.Trim();
        ArgumentOutOfRangeException.ThrowIfZero(title.Length, nameof(title));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(title), TitleMaxLength, nameof(title));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(description), DescriptionMaxLength, nameof(description));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(location), LocationMaxLength, nameof(location));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(scheduledAt, now);
        ArgumentOutOfRangeException.ThrowIfLessThan(durationMinutes ?? 1, 1, nameof(durationMinutes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(durationMinutes ?? 1, MaxDurationMinutes, nameof(durationMinutes));
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPlayers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPlayers, MaxPlayersLimit);

        var createdAt = Instant.Stored(now);
        return new Game
        {
            Id = Guid.CreateVersion7(createdAt),
            GuildId = Snowflake.Require(guildId),
            ChannelId = Snowflake.Require(channelId),
            HostId = Snowflake.Require(hostId),
            Title = title,
            Description = string.IsNullOrWhiteSpace(description) ? null : description,
            Location = string.IsNullOrWhiteSpace(location) ? null : location,
            ScheduledAt = Instant.Stored(scheduledAt),
            DurationMinutes = durationMinutes,
            MaxPlayers = maxPlayers,
            Status = GameStatus.Scheduled,
            CreatedAt = createdAt,
            UpdatedAt = createdAt,
        };
    }
}
