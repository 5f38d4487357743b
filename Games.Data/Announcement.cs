using System.Security.Cryptography;

namespace Games.Data;

/// <summary>
/// What Discord is to say of a game: its wanted state, composed of one version of the game. <see cref="MessageId"/> is null until Discord has
/// taken it.
/// </summary>
public sealed class Announcement
{
    /// <summary>Discord refuses longer messages (code points).</summary>
    public const int TextMaxLength = 2000;

    public const int FailureMaxLength = 300;

    /// <summary>Of W3C's Trace Context.</summary>
    public const int TraceParentLength = 55;

    private Announcement()
    {
    }

    public Guid GameId { get; private set; }
    public string ChannelId { get; private set; } = null!;
    public string? MessageId { get; private set; }
    public string Text { get; private set; } = null!;

    /// <summary>Of the game that the text tells of.</summary>
    public int Version { get; private set; }

    /// <summary>Whether people can join and leave: its buttons are on.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>
    /// In the link to the game's calendar file, for whoever clicks it has no key. It is stored as it is, because each edit of the message repeats it.
    /// </summary>
    public string CalendarSecret { get; private set; } = null!;

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>Of the event that wanted it last; null if that was not traced. The delivery, in whichever process, goes on with that trace.</summary>
    public string? TraceParent { get; private set; }

    // From here on: what Discord has, written by the bot's delivery. But a refusal is over when there is something new to say.

    /// <summary>Of the game that Discord's message tells of; 0 while there is none.</summary>
    public int DeliveredVersion { get; private set; }

    /// <summary>When the message was first sent to Discord without its answer being known since; null if nothing is on its way.</summary>
    public DateTimeOffset? PostStartedAt { get; private set; }

    /// <summary>How often the message was deleted by somebody and posted anew.</summary>
    public int Reposts { get; private set; }

    /// <summary>Failures since the last success.</summary>
    public int Attempts { get; private set; }

    /// <summary>Nothing is sent before; null: at once.</summary>
    public DateTimeOffset? NextAttemptAt { get; private set; }

    /// <summary>Why Discord does not take this version, which no further attempt would change; null: it does, or has not been asked.</summary>
    public string? Failure { get; private set; }

    public static Announcement For(Game game, string text, DateTimeOffset now, string? traceParent = null)
    {
        var announcement = new Announcement
        {
            GameId = game.Id,
            ChannelId = game.ChannelId,
            CalendarSecret = CalendarFeed.NewSecret(),
            CreatedAt = Instant.Stored(now),
        };
        announcement.Show(game, text, now, traceParent);
        return announcement;
    }

    /// <summary>Whether this is the secret of its calendar link; in the same time for every wrong one.</summary>
    public bool IsCalendarOpenedBy(string secret) =>
        CryptographicOperations.FixedTimeEquals(RandomSecret.HashOf(secret), RandomSecret.HashOf(CalendarSecret));

    /// <summary>Says what the game is now. False if it says so already, or something newer: an event came late or twice.</summary>
    public bool Show(Game game, string text, DateTimeOffset now, string? traceParent)
    {
        if (game.Version <= Version)
            return false;

        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(text), TextMaxLength, nameof(text));
        (Text, Version, IsOpen, ChangedAt, TraceParent) = (text, game.Version, game.IsOpen, Instant.Stored(now), traceParent);
        // Somebody may have mended the cause since: once more is asked, for one change.
        if (Failure is not null)
            (Failure, Attempts, NextAttemptAt) = (null, 0, null);
        return true;
    }
}
