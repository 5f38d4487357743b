using Games.Data;
using MassTransit;

namespace Games.ServiceDefaults;

public static class Retries
{
    private const int Attempts = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestOutagePause = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Tries a failed message again, 5 times with growing pauses, then moves it to the endpoint's error queue. A database that is away says
    /// nothing about the message: it is waited for, however long, and counts no attempt. Call it before the outbox is put on the endpoint.
    /// </summary>
    /// <param name="endpoint">The consumer's endpoint.</param>
    /// <param name="isHopeless">Failures that no further attempt can mend: such a message goes to the error queue at once.</param>
    public static void UseGamesRetry(this IReceiveEndpointConfigurator endpoint, Func<Exception, bool> isHopeless)
    {
        endpoint.UseMessageRetry(retry => retry
            .Exponential(int.MaxValue, FirstPause, LongestOutagePause, FirstPause)
            .Handle<Exception>(failure => failure.IsDatabaseGone()));
        endpoint.UseMessageRetry(retry =>
        {
            retry.Exponential(Attempts, FirstPause, LongestPause, FirstPause);
            retry.Ignore<Exception>(failure => isHopeless(failure) || failure.IsDatabaseGone());
        });
    }
}
