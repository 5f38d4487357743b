using Games.Contracts;

namespace Games.Data;

/// <summary>
/// A game night and who comes. Every change is one <see cref="Version"/> and its events; what may not be is refused, and what is so already
/// changes nothing. Its players must be loaded for what concerns them (<see cref="GameCommands"/> does).
/// </summary>
public sealed class Game
{
    public const int TitleMaxLength = 200;
    public const int DescriptionMaxLength = 2000;
    public const int LocationMaxLength = 500;
    public const int MaxDurationMinutes = 1440;
    public const int MaxPlayersLimit = 100;
    public const int DefaultMaxPlayers = 10;
    public const int CancelReasonMaxLength = 500;
    public const int MaxReminders = 5;
    public const int MaxReminderMinutes = 40_320;

    /// <summary>A game begins before the year 9999: .NET can write no later end.</summary>
    public static readonly DateTimeOffset StartLimit = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Who may play and wait together.</summary>
    public const int MaxPeople = 1_000;

    /// <summary>When it is over, if its host does not say how long it takes.</summary>
    public static readonly TimeSpan DefaultDuration = TimeSpan.FromHours(3);

    private readonly List<Player> _players = [];

    private Game()
    {
    }

    public Guid Id { get; private set; }
    public int Version { get; private set; }
    public string GuildId { get; private set; } = null!;
    public string ChannelId { get; private set; } = null!;
    public string HostId { get; private set; } = null!;
    public string Title { get; private set; } = null!;
    public string? Description { get; private set; }
    public string? Location { get; private set; }
    public DateTimeOffset ScheduledAt { get; private set; }
    public int? DurationMinutes { get; private set; }
    public int MaxPlayers { get; private set; }

    /// <summary>Minutes before the start, the earliest first.</summary>
    public int[] Reminders { get; private set; } = [];

    public GameStatus Status { get; private set; }
    public string? CancelReason { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>How many play or wait.</summary>
    public int People { get; private set; }

    /// <summary>The number of whoever joined last, who may have left.</summary>
    public int LastNumber { get; private set; }

    /// <summary>The tokens of the messages that wait for this game's reminders, start and end.</summary>
    public Guid[] ScheduleTokens { get; internal set; } = [];

    /// <summary>Who plays, then who waits.</summary>
    public IReadOnlyList<Player> Players => _players;

    public DateTimeOffset EndsAt => ScheduledAt + (DurationMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : DefaultDuration);

    public GameDetails Details => new(Title, Description, Location, ScheduledAt, DurationMinutes, MaxPlayers, Reminders);

    public bool IsOpen => Status is GameStatus.Scheduled;

    public IEnumerable<Player> Playing => InOrder.Take(MaxPlayers);

    public IEnumerable<Player> Waiting => InOrder.Skip(MaxPlayers);

    // The database does not promise an order to a loaded collection.
    private IEnumerable<Player> InOrder => _players.OrderBy(player => player.Number);

    /// <param name="id">For whoever may ask twice for the same; null: a new one.</param>
    public static Game Create(string guildId, string channelId, string hostId, GameDetails details, DateTimeOffset now, Guid? id = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(details.ScheduledAt, now, "scheduledAt");

        var createdAt = Instant.Stored(now);
        var game = new Game
        {
            Id = id ?? Guid.CreateVersion7(createdAt),
            Version = 1,
            GuildId = Snowflake.Require(guildId),
            ChannelId = Snowflake.Require(channelId),
            HostId = Snowflake.Require(hostId),
            Status = GameStatus.Scheduled,
            CreatedAt = createdAt,
            UpdatedAt = createdAt,
        };
        game.Set(details);
        return game;
    }

    public GameCreated Created(string by) => new(Id, GuildId, ChannelId, HostId, Title, ScheduledAt, MaxPlayers, Version, CreatedAt, by);

    /// <summary>Changes the details. Fewer seats make the last who play wait, more let the first who wait play.</summary>
    /// <exception cref="ArgumentException">A value that no game may have.</exception>
    public Decision Change(GameDetails details, string by, DateTimeOffset now)
    {
        if (!IsOpen)
            return Decision.Refuse(GameRefusal.NotOpen);

        var (old, played) = (Details, Playing.ToList());
        if (Instant.Stored(details.ScheduledAt) != old.ScheduledAt && details.ScheduledAt <= now)
            return Decision.Refuse(GameRefusal.Past);

        Set(details);
        var changed = ChangedFrom(old);
        if (changed.Count == 0)
            return Decision.Nothing;

        Touch(now);
        return Decision.Do([
            new GameUpdated(Id, Version, GuildId, ChannelId, changed, old, Details, UpdatedAt, by),
            .. played.Except(Playing).Select(player => new PlayerDemoted(Id, Version, GuildId, player.UserId, PlaceOf(player)!.Value, UpdatedAt, by)),
            .. Promoted(played, by),
        ]);
    }

    public Decision Cancel(string? reason, string? messageId, string by, DateTimeOffset now)
    {
        if (Status is GameStatus.Cancelled)
            return Decision.Nothing;
        if (Status is GameStatus.Finished)
            return Decision.Refuse(GameRefusal.Finished);

        reason = string.IsNullOrWhiteSpace(reason) ? null : reason.Trim();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(reason), CancelReasonMaxLength, nameof(reason));

        (Status, CancelReason) = (GameStatus.Cancelled, reason);
        Touch(now);
        return Decision.Do(
            new GameCancelled(Id, Version, GuildId, ChannelId, messageId, HostId, Title, ScheduledAt, reason, UpdatedAt, by));
    }

    public Decision Join(string userId, string? displayName, string by, DateTimeOffset now)
    {
        if (!IsOpen)
            return Decision.Refuse(GameRefusal.NotOpen);
        if (Find(userId) is not null)
            return Decision.Nothing;
        if (People >= MaxPeople)
            return Decision.Refuse(GameRefusal.Full);

        var player = Player.Join(Id, userId, displayName, LastNumber + 1, now);
        _players.Add(player);
        (LastNumber, People) = (player.Number, People + 1);
        Touch(now);
        return Decision.Do(new PlayerJoined(Id, Version, GuildId, userId, player.DisplayName, PlaceOf(player), UpdatedAt, by));
    }

    /// <summary>Whoever is not among the players has left already, also if the game is not open any more.</summary>
    public Decision Leave(string userId, string by, DateTimeOffset now)
    {
        if (Find(userId) is not { } player)
            return Decision.Nothing;
        if (!IsOpen)
            return Decision.Refuse(GameRefusal.NotOpen);

        var (hasWaited, played) = (PlaceOf(player) is not null, Playing.ToList());
        _players.Remove(player);
        People--;
        Touch(now);
        return Decision.Do([new PlayerLeft(Id, Version, GuildId, userId, hasWaited, UpdatedAt, by), .. Promoted(played, by)]);
    }

    /// <summary>Does nothing if it is not to start at that time any more.</summary>
    public Decision Start(DateTimeOffset scheduledAt, DateTimeOffset now)
    {
        if (!IsOpen || ScheduledAt != scheduledAt)
            return Decision.Nothing;

        Status = GameStatus.Started;
        Touch(now);
        return Decision.Do(new GameStarted(Id, Version, GuildId, ChannelId, Title, ScheduledAt, UpdatedAt));
    }

    /// <summary>Does nothing if it is not to end at that time any more. One that has not started, because nobody ran, starts first.</summary>
    public Decision Finish(DateTimeOffset endsAt, DateTimeOffset now)
    {
        if (EndsAt != endsAt || Status is not (GameStatus.Scheduled or GameStatus.Started))
            return Decision.Nothing;

        var started = Start(ScheduledAt, now);
        Status = GameStatus.Finished;
        Touch(now);
        return Decision.Do([.. started.Events, new GameFinished(Id, Version, GuildId, ChannelId, Title, UpdatedAt)]);
    }

    /// <summary>Whether the reminder is still to come, as it was scheduled.</summary>
    public bool IsToRemind(DateTimeOffset scheduledAt, int minutes) => IsOpen && ScheduledAt == scheduledAt && Reminders.Contains(minutes);

    public Player? Find(string userId) => _players.Find(player => player.UserId == userId);

    /// <summary>The place of one who waits, from 1; null for one who plays.</summary>
    public int? PlaceOf(Player player)
    {
        var place = _players.Count(other => other.Number <= player.Number) - MaxPlayers;
        return place > 0 ? place : null;
    }

    private IEnumerable<object> Promoted(IEnumerable<Player> played, string by) =>
        Playing.Except(played).Select(player => new PlayerPromoted(Id, Version, GuildId, player.UserId, UpdatedAt, by));

    private void Set(GameDetails details)
    {
        var title = details.Title.Trim();
        ArgumentOutOfRangeException.ThrowIfZero(title.Length, nameof(title));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(title), TitleMaxLength, nameof(title));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(details.Description), DescriptionMaxLength, "description");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(details.Location), LocationMaxLength, "location");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(details.ScheduledAt, StartLimit, "scheduledAt");
        ArgumentOutOfRangeException.ThrowIfLessThan(details.DurationMinutes ?? 1, 1, "durationMinutes");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(details.DurationMinutes ?? 1, MaxDurationMinutes, "durationMinutes");
        ArgumentOutOfRangeException.ThrowIfLessThan(details.MaxPlayers, 1, "maxPlayers");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(details.MaxPlayers, MaxPlayersLimit, "maxPlayers");
        int[] reminders = [.. details.Reminders.Distinct().OrderDescending()];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reminders.Length, MaxReminders, nameof(reminders));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reminders.FirstOrDefault(1), MaxReminderMinutes, nameof(reminders));
        ArgumentOutOfRangeException.ThrowIfLessThan(reminders.LastOrDefault(1), 1, nameof(reminders));

        Title = title;
        Description = string.IsNullOrWhiteSpace(details.Description) ? null : details.Description;
        Location = string.IsNullOrWhiteSpace(details.Location) ? null : details.Location;
        ScheduledAt = Instant.Stored(details.ScheduledAt);
        DurationMinutes = details.DurationMinutes;
        MaxPlayers = details.MaxPlayers;
        Reminders = reminders;
    }

    private List<string> ChangedFrom(GameDetails old)
    {
        List<string> changed = [];
        Compare("title", old.Title == Title);
        Compare("description", old.Description == Description);
        Compare("location", old.Location == Location);
        Compare("scheduledAt", old.ScheduledAt == ScheduledAt);
        Compare("durationMinutes", old.DurationMinutes == DurationMinutes);
        Compare("maxPlayers", old.MaxPlayers == MaxPlayers);
        Compare("reminders", old.Reminders.SequenceEqual(Reminders));
        return changed;

        void Compare(string field, bool isSame)
        {
            if (!isSame)
                changed.Add(field);
        }
    }

    private void Touch(DateTimeOffset now)
    {
        Version++;
        UpdatedAt = Instant.Stored(now);
    }
}
