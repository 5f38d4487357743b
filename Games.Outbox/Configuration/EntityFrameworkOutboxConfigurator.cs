using System.Data;
using Games.Outbox;
using Games.Outbox.Capture;
using Games.Outbox.Database;
using Games.Outbox.Inbox;
using Games.Outbox.Inspection;
using Games.Outbox.Monitoring;
using Games.Outbox.Outages;
using Games.Outbox.Relay;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Scheduling;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MassTransit.Configuration;

internal sealed class EntityFrameworkOutboxConfigurator<TDbContext>(IBusRegistrationConfigurator services)
    : IEntityFrameworkOutboxConfigurator, IEntityFrameworkBusOutboxConfigurator
    where TDbContext : DbContext
{
    private readonly OrderingKeys _orderingKeys = new();
    private Action<OutboxOptions>? _configure;
    private bool _schedules;
    private bool _relays = true;
    private bool _cleansUp = true;

    public TimeSpan DuplicateDetectionWindow { set => _configure += options => options.DuplicateDetectionWindow = value; }
    public IsolationLevel IsolationLevel { set => _configure += options => options.IsolationLevel = value; }
    public TimeSpan QueryDelay { set => _configure += options => options.PollInterval = value; }
    public int QueryMessageLimit { set => _configure += options => options.ClaimLimit = value; }
    public TimeSpan QueryTimeout { set => _configure += options => options.StatementTimeout = value; }
    public int MessageDeliveryLimit { set => _configure += options => options.PublishLimit = value; }

    public TimeSpan MessageDeliveryTimeout
    {
        get
        {
            var options = new OutboxOptions();
            _configure?.Invoke(options);

            return options.PublishTimeout;
        }
        set => _configure += options => options.PublishTimeout = value;
    }

    public void OrderBy<T>(Func<T, string?> key, bool begins)
        where T : class => _orderingKeys.Add(key, begins);

    public void AddMessageScheduler()
    {
        _schedules = true;
        services.Replace(ServiceDescriptor.Scoped<IMessageScheduler>(provider => new MessageScheduler(
            new OutboxScheduleMessageProvider(provider.GetRequiredService<ISendEndpointProvider>(),
                provider.GetRequiredService<CapturingContext<TDbContext>>().DbContext, provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<IBus>().Topology)));
    }

    public void DisableInboxCleanupService() => _cleansUp = false;
    public void DisableDeliveryService() => _relays = false;

    public void UseBusOutbox(Action<IEntityFrameworkBusOutboxConfigurator>? configure = null)
    {
        services.Replace(ServiceDescriptor.Scoped<IScopedBusContextProvider<IBus>, OutboxScopedBusContextProvider<IBus, TDbContext>>());
        configure?.Invoke(this);
    }

    public void Register()
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOutboxSettings<TDbContext>(_configure);
        services.TryAddSingleton<DatabaseOutage>();
        services.TryAddSingleton<BrokerOutage>();
        services.TryAddSingleton<RootProvider>();
        services.AddScoped<CapturingContext<TDbContext>>();
        services.AddSingleton(provider => new CaptureSettings<TDbContext>(_orderingKeys, _schedules, provider.GetService<ITestHarness>()));
        services.AddOutboxInspection<TDbContext>();
        services.AddSingleton<RelayStore<TDbContext>>();
        services.AddSingleton<InboxStore<TDbContext>>();
        services.AddSingleton<SavingStatements<TDbContext>>();
        services.AddSingleton<Heartbeat<TDbContext>>();
        services.AddSingleton<OutboxBacklog<TDbContext>>();
        services.AddSingleton<OutboxMetrics<TDbContext>>();
        services.AddSingleton<Notifications<TDbContext>>();
        services.AddSingleton<OutboxRelay<TDbContext>>();
        services.AddSingleton<SavingTransaction<TDbContext>>();
        services.AddSingleton<CommitInterceptor<TDbContext>>();
        services.ConfigureDbContext<TDbContext>((provider, options) =>
        {
            options.AddInterceptors(provider.GetRequiredService<CommitInterceptor<TDbContext>>());
            options.ReplaceService<IDatabase, SavingDatabase>();
            options.ReplaceService<IRelationalTransactionFactory, CheckedTransactionFactory>();
            if (provider.GetRequiredService<OutboxSettings<TDbContext>>().Value.InsertInOneRoundTrip)
                options.InsertInOneRoundTrip();
        });

        services.AddSingleton<SharedTransactions<TDbContext>>();
        services.AddHealthChecks();
        services.Configure<HealthCheckServiceOptions>(AddHealthCheck);

        services.TryAddScoped<IOutboxContextFactory<TDbContext>, InboxContextFactory<TDbContext>>();

        if (_relays)
            services.AddHostedService(provider => provider.GetRequiredService<OutboxRelay<TDbContext>>());
        else
            services.AddHostedService<NotificationSender<TDbContext>>();

        if (_cleansUp)
            services.AddHostedService<InboxCleanupService<TDbContext>>();
    }

    private static void AddHealthCheck(HealthCheckServiceOptions checks)
    {
        const string Name = OutboxHealthCheck<TDbContext>.Name;

        // A second context's outbox in the same process bears the context's name.
        var name = checks.Registrations.Any(x => x.Name == Name) ? $"{Name}-{typeof(TDbContext).Name}" : Name;
        checks.Registrations.Add(
            new(name, ActivatorUtilities.GetServiceOrCreateInstance<OutboxHealthCheck<TDbContext>>, failureStatus: null, [Name]));
    }
}
