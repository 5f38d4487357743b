using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Data.Journal;

public static class EventJournal
{
    /// <summary>The check that this process hears of events.</summary>
    public const string HealthCheckName = "event-dispatcher";

    /// <summary>The check that no event waits for long, wherever it is dispatched. Tagged ready, and outbox for whoever watches.</summary>
    public const string BacklogHealthCheckName = "event-backlog";

    /// <summary>What pg_stat_activity shows behind the name of a service for the connection that listens for events.</summary>
    public const string ListenerPurpose = "events";

    /// <summary>Adds <see cref="IEventPublisher"/>, which needs the database and nothing else.</summary>
    public static void AddEventPublisher(this IHostApplicationBuilder builder) => builder.Services.AddScoped<IEventPublisher, EventPublisher>();

    /// <summary>
    /// Adds the dispatcher and the retention. Needs the bus and its outbox; one process or several may have it.
    /// </summary>
    public static void AddEventDispatcher(this IHostApplicationBuilder builder)
    {
        var options = builder.Services.AddJournalOptions(builder.Configuration);

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<JournalStore>();
        builder.Services.AddSingleton<JournalListener>();
        builder.Services.AddSingleton<EventDispatcher>();
        builder.Services.AddHealthChecks()
            .AddCheck<EventDispatcherHealthCheck>(HealthCheckName, tags: ["ready"])
            .AddCheck<EventBacklogHealthCheck>(BacklogHealthCheckName, tags: ["ready", "outbox"]);

        if (options.Dispatch)
            builder.Services.AddHostedService(provider => provider.GetRequiredService<EventDispatcher>());
        if (options.Retention > TimeSpan.Zero)
            builder.Services.AddHostedService<JournalCleanUp>();
    }

    /// <summary>Has what this process publishes through its outbox recorded, unless <see cref="JournalOptions.Record"/> is off.</summary>
    internal static void AddEventRecorder(this IHostApplicationBuilder builder)
    {
        if (!builder.Services.AddJournalOptions(builder.Configuration).Record)
            return;

        var source = builder.Environment.ApplicationName;
        if (!EventRules.IsSource(source))
            throw new SettingException($"Setting {HostDefaults.ApplicationKey} {EventRules.Source}: the journal names this process by it.");
        builder.Services.ConfigureDbContext<GamesDbContext>((provider, options) =>
            options.AddInterceptors(new EventRecorder(source, provider.GetRequiredService<ILogger<EventRecorder>>())));
    }

    private static JournalOptions AddJournalOptions(this IServiceCollection services, IConfiguration configuration)
    {
        var options = new JournalOptions();
        configuration.GetSection(JournalOptions.Section).Bind(options);
        options.Validate();
        services.TryAddSingleton(options);

        return options;
    }
}
