using Games.Data;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.ServiceDefaults;

public static class Retries
{
    private const int Attempts = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestOutagePause = TimeSpan.FromSeconds(2);

    /// <summary>Adds what <see cref="UseGamesRetry"/> needs, and the check that no message waits for the database.</summary>
    public static void AddGamesRetry(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DatabaseWaits>();
        builder.Services.AddReceiveObserver(provider => provider.GetRequiredService<DatabaseWaits>());
        builder.Services.AddHealthChecks().AddCheck<DatabaseWaitsHealthCheck>(DatabaseWaitsHealthCheck.Name, tags: [Health.Ready]);
    }

    /// <summary>
    /// Tries a failed message again, 5 times with growing pauses, then moves it to the endpoint's error queue. A database that is away or out of
    /// order says nothing about the message: it is waited for, however long, and counts no attempt. The message is not acknowledged meanwhile,
    /// and the service is not ready. Call it before the outbox is put on the endpoint.
    /// </summary>
    /// <param name="endpoint">The consumer's endpoint.</param>
    /// <param name="context">The service's, with <see cref="AddGamesRetry"/>.</param>
    /// <param name="isHopeless">Failures that no further attempt can mend: such a message goes to the error queue at once.</param>
    public static void UseGamesRetry(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context, Func<Exception, bool> isHopeless)
    {
        endpoint.UseMessageRetry(retry => retry
            .Exponential(int.MaxValue, FirstPause, LongestOutagePause, FirstPause)
            .Handle<Exception>(failure => failure.IsDatabaseUnavailable()));
        endpoint.UseMessageRetry(retry =>
        {
            retry.Exponential(Attempts, FirstPause, LongestPause, FirstPause);
            retry.Ignore<Exception>(failure => isHopeless(failure) || failure.IsDatabaseUnavailable());
        });
        endpoint.UseFilter(context.GetRequiredService<DatabaseWaits>());
    }
}
