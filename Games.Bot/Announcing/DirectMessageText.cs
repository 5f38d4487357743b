using Games.Contracts;
using Games.Data;

namespace Games.Bot.Announcing;

/// <summary>What one user is told of a game.</summary>
internal static class DirectMessageText
{
    // Nothing is cut off: escaped, no character is longer than two units.
    private const int MaxTitle = 2 * Game.TitleMaxLength + 1;
    private const int MaxReason = 2 * Game.CancelReasonMaxLength + 1;

    public static string Promoted(Game game) => $"You have a seat in {NameOf(game)} now: {DiscordText.TimeOf(game.ScheduledAt)}";

    public static string Demoted(Game game, int place) =>
        $"{NameOf(game)} has fewer seats than before. You are on its waiting list now, at place {place}.";

    public static string Removed(Game game) => $"You are not on the list of {NameOf(game)} any more.";

    public static string Moved(Game game) => $"{NameOf(game)} is at another time now: {DiscordText.TimeOf(game.ScheduledAt)}";

    public static string Reminded(Game game) => $"{NameOf(game)} begins soon: {DiscordText.TimeOf(game.ScheduledAt)}";

    public static string Cancelled(GameCancelled cancelled) =>
        $"{NameOf(cancelled.Title)} is cancelled" + (cancelled.Reason is { } reason ? $": {DiscordText.Escape(reason, MaxReason)}" : ".");

    private static string NameOf(Game game) => NameOf(game.Title);

    private static string NameOf(string title) => $"**{DiscordText.Escape(title, MaxTitle)}**";
}
