using System.Net;
using Games.DiscordClient.Rest;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient;

public static class DiscordRegistration
{
    /// <summary>Adds the <see cref="DiscordRestClient"/>, one for the process: it knows the rate limits.</summary>
    public static IServiceCollection AddDiscordRestClient(this IServiceCollection services, Func<IServiceProvider, DiscordRestOptions> options) =>
        services.AddSingleton(provider => CreateRestClient(
            options(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DiscordRestClient>>()));

    internal static DiscordRestClient CreateRestClient(DiscordRestOptions options, TimeProvider time, ILogger<DiscordRestClient> logger)
    {
        // A connection that has rested may be dead without anybody having said so: the answer to an interaction would hang on it.
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = DecompressionMethods.All,
            AllowAutoRedirect = false,
            UseCookies = false,
            // Its traces would show the address, and the token of an interaction is in it.
            ActivityHeadersPropagator = null,
        };
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 8 * 1024 * 1024 };
        return new(http, options, time, logger);
    }
}
