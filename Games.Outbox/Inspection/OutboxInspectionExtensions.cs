using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Inspection;

/// <summary>Registers the inspection.</summary>
public static class OutboxInspectionExtensions
{
    /// <summary>
    /// Adds <see cref="OutboxInspection{TDbContext}" /> alone, for a process without a bus. Where the outbox is added it is there already.
    /// Its settings are those of the configuration's section <c>Outbox</c>.
    /// </summary>
    public static IServiceCollection AddOutboxInspection<TDbContext>(this IServiceCollection services)
        where TDbContext : DbContext
    {
        services.TryAddSingleton(provider =>
        {
            var options = new OutboxOptions();
            provider.GetService<IConfiguration>()?.GetSection(OutboxOptions.Section).Bind(options);
            options.Validate();

            return new OutboxSettings<TDbContext>(options);
        });
        services.TryAddSingleton(provider => new OutboxInspection<TDbContext>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<OutboxSettings<TDbContext>>(),
            provider.GetRequiredService<ILogger<OutboxInspection<TDbContext>>>(),
            provider.GetService<OutboxRelay<TDbContext>>()));

        return services;
    }
}
