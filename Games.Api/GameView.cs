using System.Linq.Expressions;
using Games.Data;

namespace Games.Api;

/// <summary>A game as every endpoint shows it.</summary>
internal record GameView
{
    /// <summary>For queries: selects these columns and no more, and a join can still name them.</summary>
    public static readonly Expression<Func<Game, GameView>> Projection = game => new GameView
    {
        Id = game.Id,
        GuildId = game.GuildId,
        ChannelId = game.ChannelId,
        HostId = game.HostId,
        Title = game.Title,
        Description = game.Description,
        Location = game.Location,
        ScheduledAt = game.ScheduledAt,
        DurationMinutes = game.DurationMinutes,
        MaxPlayers = game.MaxPlayers,
        Status = game.Status,
        CreatedAt = game.CreatedAt,
        UpdatedAt = game.UpdatedAt,
    };

    private static readonly Func<Game, GameView> Project = Projection.Compile();

    public required Guid Id { get; init; }
    public required string GuildId { get; init; }
    public required string ChannelId { get; init; }
    public required string HostId { get; init; }
    public required string Title { get; init; }
    public required string? Description { get; init; }
    public required string? Location { get; init; }
    public required DateTimeOffset ScheduledAt { get; init; }
    public required int? DurationMinutes { get; init; }
    public required int MaxPlayers { get; init; }
    public required GameStatus Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    public static GameView Of(Game game) => Project(game);
}
