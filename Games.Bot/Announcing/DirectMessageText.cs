using Games.Contracts;
using Games.Data;

namespace Games.Bot.Announcing;

/// <summary>What one user is told of a game.</summary>
internal static class DirectMessageText
{
    public static string Promoted(Game game) => $"You have a seat in {NameOf(game)} now: {AnnouncementText.TimeOf(game)}";

    public static string Demoted(Game game, int place) =>
        $"{NameOf(game)} has fewer seats than before. You are on its waiting list now, at place {place}.";

    public static string Removed(Game game) => $"You are not on the list of {NameOf(game)} any more.";

    public static string Moved(Game game) => $"{NameOf(game)} is at another time now: {AnnouncementText.TimeOf(game)}";

    public static string Reminded(Game game) => $"{NameOf(game)} begins soon: {AnnouncementText.TimeOf(game)}";

    public static string Cancelled(GameCancelled cancelled) =>
        $"**{AnnouncementText.WithoutMentions(cancelled.Title)}** is cancelled"
        + (cancelled.Reason is { } reason ? $": {AnnouncementText.WithoutMentions(reason)}" : ".");

    private static string NameOf(Game game) => $"**{AnnouncementText.WithoutMentions(game.Title)}**";
}
