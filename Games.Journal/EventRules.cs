using System.Text;
using System.Text.RegularExpressions;
using Games.Data;

namespace Games.Journal;

/// <summary>The table's rules as far as they can be known before an insert, so that a transaction need not be lost to learn them.</summary>
public static partial class EventRules
{
    public const string EventType = "must be dotted lower-case words of at most 100 characters, such as game.created";
    public const string Channel = "must be lower-case words of at most 50 characters, such as events";
    public const string Source = "must be one line of text of at most 100 characters";
    public const string Payload = "must be a JSON object";

    /// <summary>As JSON Schema writes it.</summary>
    public const string EventTypePattern = $"^{DottedWords}$";

    /// <summary>As JSON Schema writes it.</summary>
    public const string ChannelPattern = $"^{Words}$";

    private const string DottedWords = "[a-z0-9_]+([.][a-z0-9_]+)*";
    private const string Words = "[a-z0-9_]+([.-][a-z0-9_]+)*";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>UUID version 8.</summary>
    private const int MadeOfContent = 8;

    private static readonly string[] InternalWords = ["game", "player", "discord", "message"];

    /// <summary>Whether only this system's own services say it: what follows from it, an announcement or a stored message, is theirs.</summary>
    public static bool IsInternal(string eventType) => InternalWords.Contains(eventType.Split('.')[0]);

    /// <summary>Whether the services make such an id of a message, so that a repeat has the same: taken by another, theirs is not recorded.</summary>
    public static bool IsInternal(Guid? id) => id?.Version is MadeOfContent;

    public static bool IsEventType(string? text) => text is { Length: <= JournalEvent.EventTypeMaxLength } && Dotted().IsMatch(text);

    /// <summary>Whether such types can be: for <see cref="LikePattern"/>.</summary>
    public static bool IsPattern(string text) => text.Length <= JournalEvent.EventTypeMaxLength && Pattern().IsMatch(text);

    /// <summary>The escape character of <see cref="LikePattern"/>. It is PostgreSQL's own default; EF Core has to be told, or it has none.</summary>
    public const string LikeEscape = @"\";

    /// <summary>A type for LIKE: a * stands for any text, as in game.*</summary>
    public static string LikePattern(string eventType) =>
        eventType.Replace(LikeEscape, LikeEscape + LikeEscape).Replace("_", LikeEscape + "_").Replace("%", LikeEscape + "%").Replace('*', '%');

    public static bool IsChannel(string? text) => text is { Length: <= JournalEvent.ChannelMaxLength } && Name().IsMatch(text);

    public static bool IsSource(string? text)
    {
        try
        {
            // A lone surrogate is text to .NET, and to nobody else.
            return !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl) && Utf8.GetByteCount(text) > 0
                && CodePoints.In(text) <= JournalEvent.SourceMaxLength;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    // Not by $, which to .NET is also before a last line break.
    [GeneratedRegex($@"^{DottedWords}\z")]
    private static partial Regex Dotted();

    [GeneratedRegex(@"^[a-z0-9_.*]+\z")]
    private static partial Regex Pattern();

    [GeneratedRegex($@"^{Words}\z")]
    private static partial Regex Name();
}
