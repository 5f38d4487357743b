using System.Net;
using Games.DiscordClient;
using Games.DiscordClient.Rest;

namespace Games.Bot.Delivery;

/// <summary>Discord refuses the token: this says nothing of what was to be delivered.</summary>
internal sealed class TokenRefusedException(string message) : Exception(message);

/// <summary>What a failed delivery means.</summary>
internal static class DeliveryFailures
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2);

    /// <summary>Whether it may succeed later: how long to wait, and whether that counts as a failed attempt. Null: it never will.</summary>
    /// <exception cref="TokenRefusedException">It is the bot that is refused.</exception>
    public static (TimeSpan Wait, bool IsFailure)? Retry(DiscordException failure, int attempts) => failure switch
    {
        DiscordApiException { Status: HttpStatusCode.Unauthorized } => throw new TokenRefusedException(
            $"Discord refuses the token of {DiscordOptions.Section}:{nameof(DiscordOptions.Token)} ({failure.Message}): "
            + "start the bot with the one that its application shows after Reset Token; if it is the stand-in of ./run, end the fault that is on "
            + "there"),
        DiscordRateLimitException limit => (limit.Wait, false),
        DiscordApiException { IsRetryable: false } => null,
        _ => (PauseAfter(attempts), true),
    };

    private static TimeSpan PauseAfter(int attempts)
    {
        var whole = Math.Min(FirstPause.TotalSeconds * Math.Pow(2, Math.Min(attempts, 20)), LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(whole * (0.5 + 0.5 * Random.Shared.NextDouble()));
    }
}
