using Games.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Games.Journal;

public static class EventJournal
{
    /// <summary>The check that this process hears of events.</summary>
    public const string HealthCheckName = "event-dispatcher";

    /// <summary>The check that no event waits for long, wherever it is dispatched.</summary>
    public const string BacklogHealthCheckName = "event-backlog";

    /// <summary>Adds <see cref="IEventPublisher"/>, which needs the database and nothing else.</summary>
    public static void AddEventPublisher(this IHostApplicationBuilder builder) => builder.Services.AddScoped<IEventPublisher, EventPublisher>();

    /// <summary>
    /// Adds the publisher; the dispatcher, of which one process or several may run one, and which needs the bus and its outbox; the recorder of
    /// what this process publishes through its outbox; and the retention.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="backlogTags">Further tags of the check <see cref="BacklogHealthCheckName"/>, which is tagged <c>outbox</c>.</param>
    /// <exception cref="SettingException">The service's name cannot be the source of an event.</exception>
    public static void AddJournal(this IHostApplicationBuilder builder, params string[] backlogTags)
    {
        builder.AddEventPublisher();
        builder.AddEventRecorder();
        builder.Services.AddJournalOptions();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<JournalStore>();
        builder.Services.AddSingleton<JournalListener>();
        builder.Services.AddSingleton<EventDispatcher>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<EventDispatcher>());
        builder.Services.AddHostedService<JournalCleanUp>();
        builder.Services.AddHealthChecks()
            .AddCheck<EventDispatcherHealthCheck>(HealthCheckName, tags: ["ready"])
            .AddCheck<EventBacklogHealthCheck>(BacklogHealthCheckName, tags: ["outbox", .. backlogTags]);
    }

    /// <summary>Adds <see cref="JournalOptions"/>, bound to the configuration and validated at the start.</summary>
    public static void AddJournalOptions(this IServiceCollection services)
    {
        services.AddOptions<JournalOptions>()
            .BindConfiguration(JournalOptions.Section)
            .ValidateDataAnnotations()
            .Validate(
                options => options.MaxRetryDelay >= options.RetryDelay,
                $"{JournalOptions.Section}:{nameof(JournalOptions.MaxRetryDelay)} must be at least {nameof(JournalOptions.RetryDelay)}.")
            .ValidateOnStart();
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<JournalOptions>>().Value);
    }

    private static void AddEventRecorder(this IHostApplicationBuilder builder)
    {
        var source = builder.Environment.ApplicationName;
        if (!EventRules.IsSource(source))
            throw new SettingException($"Setting {HostDefaults.ApplicationKey} {EventRules.Source}: the journal names this process by it.");

        builder.Services.ConfigureDbContext<GamesDbContext>((provider, context) =>
        {
            if (provider.GetRequiredService<JournalOptions>().Record)
                context.AddInterceptors(new EventRecorder(source, provider.GetRequiredService<ILogger<EventRecorder>>()));
        });
    }
}
