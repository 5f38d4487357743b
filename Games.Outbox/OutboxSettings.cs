using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Games.Outbox;

/// <summary>The options of one context's outbox, so that two contexts in one process do not share them.</summary>
internal sealed record OutboxSettings<TDbContext>(OutboxOptions Value);

internal static class OutboxSettingsExtensions
{
    /// <summary>
    /// Adds the options of one context's outbox: from code first, then from the configuration, which wins. They are validated at the start.
    /// </summary>
    public static void AddOutboxSettings<TDbContext>(this IServiceCollection services, Action<OutboxOptions>? configure = null)
        where TDbContext : DbContext
    {
        var name = typeof(TDbContext).FullName;

        services.AddOptions<OutboxOptions>(name)
            .Configure(options => configure?.Invoke(options))
            .BindConfiguration(OutboxOptions.Section)
            .ValidateDataAnnotations()
            .Validate(x => x.MaxRetryDelay >= x.RetryDelay, $"{OutboxOptions.Section}:MaxRetryDelay must be at least RetryDelay.")
            .ValidateOnStart();
        services.AddSingleton(provider => new OutboxSettings<TDbContext>(provider.GetRequiredService<IOptionsMonitor<OutboxOptions>>().Get(name)));
    }
}
