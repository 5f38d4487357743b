using Games.Outbox.Database;
using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Inspection;

/// <summary>Registers what looks into the outbox and acts on it.</summary>
public static class OutboxInspectionExtensions
{
    /// <summary>
    /// Adds <see cref="OutboxInspection{TDbContext}" /> and <see cref="OutboxControl{TDbContext}" /> alone, for a process without a bus. Where the
    /// outbox is added they are there already.
    /// Its settings are those of the configuration's section <c>Outbox</c>.
    /// </summary>
    public static IServiceCollection AddOutboxInspection<TDbContext>(this IServiceCollection services)
        where TDbContext : DbContext
    {
        if (services.All(x => x.ServiceType != typeof(OutboxSettings<TDbContext>)))
            services.AddOutboxSettings<TDbContext>();
        services.TryAddSingleton<OutboxDatabase<TDbContext>>();
        services.TryAddSingleton(provider => new OutboxInspection<TDbContext>(
            provider.GetRequiredService<OutboxDatabase<TDbContext>>(), provider.GetRequiredService<OutboxSettings<TDbContext>>()));
        services.TryAddSingleton(provider => new OutboxControl<TDbContext>(
            provider.GetRequiredService<OutboxDatabase<TDbContext>>(),
            provider.GetRequiredService<OutboxSettings<TDbContext>>(),
            provider.GetRequiredService<ILogger<OutboxControl<TDbContext>>>(),
            provider.GetService<OutboxRelay<TDbContext>>()));

        return services;
    }
}
