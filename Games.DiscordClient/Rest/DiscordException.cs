using System.Net;

namespace Games.DiscordClient.Rest;

/// <summary>Why a call has no answer to give. No message holds a token.</summary>
public abstract class DiscordException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Discord has answered with an error.</summary>
/// <param name="status">Of HTTP.</param>
/// <param name="code">Of Discord (<see cref="DiscordErrorCode"/>); 0 if it gave none.</param>
/// <param name="error">What it says.</param>
/// <param name="isDiscords">Whether it is Discord's own, which are JSON: a proxy, a firewall or Cloudflare on the way answers for itself.</param>
public sealed class DiscordApiException(HttpStatusCode status, int code, string error, bool isDiscords)
    : DiscordException($"{(int)status} {code}: {error}")
{
    public HttpStatusCode Status => status;

    public int Code => code;

    /// <summary>What Discord says of it, with the fields that it names.</summary>
    public string Error => error;

    /// <summary>Whether the same call may succeed later. Whether it has been carried out is not known then.</summary>
    public bool IsRetryable => (int)status >= 500 || code == DiscordErrorCode.Overloaded || !isDiscords;
}

/// <summary>A rate limit that takes longer than the caller would wait. Nothing was done.</summary>
/// <param name="wait">From now on.</param>
/// <param name="code">Of Discord, if it gave one (<see cref="DiscordErrorCode.OldMessageEdits"/>); else 0.</param>
public sealed class DiscordRateLimitException(TimeSpan wait, int code)
    : DiscordException(FormattableString.Invariant($"A rate limit of Discord ends in {wait.TotalSeconds:F1} s (code {code})."))
{
    public TimeSpan Wait => wait;

    public int Code => code;
}

/// <summary>Discord was not reached: nothing was done.</summary>
public sealed class DiscordUnreachableException(string message, Exception? cause = null) : DiscordException(message, cause);

/// <summary>The request was written and no answer came: it may have been carried out, and may not.</summary>
public sealed class DiscordOutcomeUnknownException(string message, Exception? cause = null) : DiscordException(message, cause);

/// <summary>Those of Discord's error codes that something is done about.</summary>
public static class DiscordErrorCode
{
    public const int UnknownChannel = 10003;
    public const int UnknownMessage = 10008;
    public const int UnknownInteraction = 10062;
    public const int OldMessageEdits = 30046;
    public const int OpeningDirectMessagesTooFast = 40003;
    public const int AlreadyAcknowledged = 40060;
    public const int MissingAccess = 50001;
    public const int CannotMessageUser = 50007;
    public const int MissingPermissions = 50013;
    public const int InvalidInteractionToken = 50027;
    public const int NoMutualGuild = 50278;
    public const int Overloaded = 130000;
}
