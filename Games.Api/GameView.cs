using System.Text.Json.Serialization;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api;

/// <summary>A game as every endpoint shows it.</summary>
internal sealed record GameView(
    Guid Id,
    int Version,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    string? Description,
    string? Location,
    DateTimeOffset ScheduledAt,
    int? DurationMinutes,
    int MaxPlayers,
    IReadOnlyList<int> Reminders,
    GameStatus Status,
    string? CancelReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyList<PlayerView> Players,
    IReadOnlyList<PlayerView> WaitingList,
    AnnouncementView? Announcement)
{
    /// <summary>
    /// Names what is shown, for If-None-Match; before the dot stands the game's version, for If-Match. An announcement comes and changes without
    /// a new version of its game.
    /// </summary>
    [JsonIgnore]
    public string ETag => $"\"{Version}.{Announcement?.Version ?? 0}{(Announcement?.MessageId is null ? "" : "m")}{DeliveryTag}\"";

    private string DeliveryTag => Announcement is { } x
        ? $"{(x.DeliveredVersion == 0 ? "" : x.DeliveredVersion)}{(x.Failure is null ? "" : "f")}"
        : "";

    /// <param name="people">In the order in which they joined.</param>
    public static GameView Of(Game game, IEnumerable<Player> people, Announcement? announcement)
    {
        PlayerView[] inOrder = [.. people.Select(x => new PlayerView(x.UserId, x.DisplayName, x.JoinedAt))];
        return new(
            game.Id,
            game.Version,
            game.GuildId,
            game.ChannelId,
            game.HostId,
            game.Title,
            game.Description,
            game.Location,
            game.ScheduledAt,
            game.DurationMinutes,
            game.MaxPlayers,
            game.Reminders,
            game.Status,
            game.CancelReason,
            game.CreatedAt,
            game.UpdatedAt,
            [.. inOrder.Take(game.MaxPlayers)],
            [.. inOrder.Skip(game.MaxPlayers)],
            announcement is null
                ? null
                : new(
                    announcement.ChannelId,
                    announcement.Text,
                    announcement.Version,
                    announcement.IsOpen,
                    announcement.CreatedAt,
                    announcement.ChangedAt,
                    announcement.MessageId,
                    announcement.DeliveredVersion,
                    announcement.Failure));
    }
}

internal sealed record PlayerView(string UserId, string? DisplayName, DateTimeOffset JoinedAt);

/// <param name="Version">Of the game that the text tells of.</param>
/// <param name="IsOpen">Whether people can join.</param>
/// <param name="MessageId">Of the message in Discord, once it is there.</param>
/// <param name="DeliveredVersion">Of the game that this message tells of; 0 while there is none.</param>
/// <param name="Failure">Why Discord does not take it, for which nothing is tried any more.</param>
internal sealed record AnnouncementView(
    string ChannelId, string Text, int Version, bool IsOpen, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt, string? MessageId,
    int DeliveredVersion, string? Failure);

/// <summary>A game, and what Discord is to say of it; null before the bot has heard of it.</summary>
internal sealed record GameToShow(Game Game, Announcement? Announcement);

internal static class GameViews
{
    /// <summary>The games, in their order, with what Discord is to say of each: one query.</summary>
    public static IQueryable<GameToShow> WithAnnouncements(this IQueryable<Game> games, GamesDbContext db) => games.AsNoTracking()
        .LeftJoin(db.Announcements, game => game.Id, x => x.GameId, (game, announcement) => new GameToShow(game, announcement));

    /// <summary>The games with their people, in the order given: one query at most, however many games.</summary>
    public static async Task<IReadOnlyList<GameView>> ViewAsync(this GamesDbContext db, IReadOnlyList<GameToShow> games, CancellationToken ct)
    {
        var people = await db.PlayersOfAsync(games.Select(x => x.Game), ct);
        return [.. games.Select(x => GameView.Of(x.Game, people[x.Game.Id], x.Announcement))];
    }

    /// <summary>The game as it is, with its people and its announcement: two queries at most.</summary>
    public static async Task<GameView> ViewAsync(this GamesDbContext db, Game game, CancellationToken ct)
    {
        var announcement = await db.Announcements.AsNoTracking().SingleOrDefaultAsync(x => x.GameId == game.Id, ct);
        return (await db.ViewAsync([new GameToShow(game, announcement)], ct))[0];
    }
}
