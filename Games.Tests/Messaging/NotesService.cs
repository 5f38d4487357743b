using System.Collections.Concurrent;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Messaging;

/// <summary>A running service on NotesDbContext with the bus outbox and whatever a test adds: one process, as far as a test can have one.</summary>
public sealed class NotesService : IAsyncDisposable
{
    private readonly IHost _host;

    private NotesService(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;
    public LogLines Logs => Services.GetRequiredService<LogLines>();

    /// <summary>Builds the service without starting it: the database has its tables if it creates them, the bus and the relay stand still.</summary>
    public static async Task<NotesService> BuildAsync(
        string database, string broker, Action<IBusRegistrationConfigurator>? bus = null,
        Action<IEntityFrameworkOutboxConfigurator>? outbox = null, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator>? rabbitMq = null,
        Action<HostApplicationBuilder>? host = null, bool pooled = false, bool creates = true)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        var logs = new LogLines();
        builder.Logging.AddProvider(logs);
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<Seen>();
        builder.Configuration["Outbox:InsertInOneRoundTrip"] = "true";
        if (pooled)
            builder.Services.AddDbContextPool<NotesDbContext>(options => options.UseNpgsql(database));
        else
            builder.Services.AddDbContext<NotesDbContext>(options => options.UseNpgsql(database));
        builder.Services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            x.AddEntityFrameworkOutbox<NotesDbContext>(o =>
            {
                o.UsePostgres();
                o.UseBusOutbox();
                outbox?.Invoke(o);
            });
            bus?.Invoke(x);
            x.UsingRabbitMq((context, cfg) =>
            {
                cfg.Host(new Uri(broker));
                rabbitMq?.Invoke(context, cfg);
                cfg.ConfigureEndpoints(context);
            });
        });
        builder.Services.Configure<MassTransitHostOptions>(x => x.WaitUntilStarted = true);
        host?.Invoke(builder);

        var service = new NotesService(builder.Build());
        if (creates)
            await service.InScopeAsync((db, _) => db.Database.EnsureCreatedAsync());

        return service;
    }

    public static async Task<NotesService> StartAsync(
        string database, string broker, Action<IBusRegistrationConfigurator>? bus = null,
        Action<IEntityFrameworkOutboxConfigurator>? outbox = null, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator>? rabbitMq = null,
        Action<HostApplicationBuilder>? host = null, bool pooled = false)
    {
        var service = await BuildAsync(database, broker, bus, outbox, rabbitMq, host, pooled);
        await service.StartAsync();

        return service;
    }

    public Task StartAsync() => _host.StartAsync(TestContext.Current.CancellationToken);

    public async Task InScopeAsync(Func<NotesDbContext, IPublishEndpoint, Task> action)
    {
        await using var scope = Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();

        await action(db, scope.ServiceProvider.GetRequiredService<IPublishEndpoint>());
    }

    /// <summary>Takes a note and says so, in one SaveChanges.</summary>
    public async Task<NoteTaken> TakeNoteAsync(string? text = null)
    {
        var taken = new NoteTaken(Guid.CreateVersion7(), text ?? $"note {Guid.NewGuid():N}");
        await InScopeAsync(async (db, publisher) =>
        {
            db.Add(new Note { Id = taken.Id, Text = taken.Text });
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
        });

        return taken;
    }

    /// <summary>
    /// Waits until the relay has said that messages flow. What is heard before may be the one message that is tried alone, and not be confirmed yet:
    /// whoever silences the broker then leaves the relay waiting for that confirm.
    /// </summary>
    public Task FlowsAsync() =>
        Until.TrueAsync(() => Logs.At(LogLevel.Information).Any(x => x.Contains("messages flow")), "messages flow");

    public async Task<T> QueryAsync<T>(Func<NotesDbContext, Task<T>> query)
    {
        await using var scope = Services.CreateAsyncScope();

        return await query(scope.ServiceProvider.GetRequiredService<NotesDbContext>());
    }

    public async ValueTask DisposeAsync()
    {
        // Shown with a test that fails.
        foreach (var line in Logs.Timed)
            TestContext.Current.TestOutputHelper?.WriteLine(line);
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>What the test's consumers have seen, in order.</summary>
public sealed class Seen
{
    private readonly ConcurrentQueue<object> _messages = new();

    public void Add(object message) => _messages.Enqueue(message);

    public T[] Of<T>() => [.. _messages.OfType<T>()];
}

public sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(DateTimeOffset At, LogLevel Level, string Text)> _lines = new();

    /// <summary>All but the statements of EF Core.</summary>
    public IEnumerable<string> Timed =>
        _lines.Where(x => !x.Text.StartsWith("Executed DbCommand", StringComparison.Ordinal)).Select(x => $"{x.At:HH:mm:ss.fff} {x.Level}: {x.Text}");

    public string[] At(LogLevel level) => [.. _lines.Where(x => x.Level == level).Select(x => x.Text)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((TimeProvider.System.GetUtcNow(), logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
