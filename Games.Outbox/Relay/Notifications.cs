using Games.Outbox.Database;
using Games.Outbox.Outages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Outbox.Relay;

/// <summary>
/// Notifies the relays of other processes that rows wait in the table, and is notified by them. No notification is sent in a business
/// transaction: NOTIFY takes a lock on the whole database at its commit, and all commits would wait for each other.
/// </summary>
internal sealed partial class Notifications<TDbContext>(
    RelayStore<TDbContext> store, OutboxSettings<TDbContext> settings, DatabaseOutage outage, TimeProvider time,
    ILogger<Notifications<TDbContext>> logger)
    : DatabaseListener(settings.Value.KeepAliveInterval, outage, time)
    where TDbContext : DbContext
{
    private readonly OutboxOptions _options = settings.Value;

    /// <summary>Has the other processes notified that rows wait. Returns at once.</summary>
    public void Notify()
    {
        if (_options.Notifications)
            RequestNotification();
    }

    protected override Task<NpgsqlConnection> OpenAsync(CancellationToken ct) => store.OpenListenerAsync(_options.KeepAliveTimeout, ct);

    protected override Task<string> ReadChannelAsync(NpgsqlConnection connection, CancellationToken ct) => store.ReadChannelAsync(connection, ct);

    protected override Task<TimeSpan?> PeekAsync(NpgsqlConnection connection, CancellationToken ct) => store.PeekAsync(connection, ct);

    protected override void LogConnectionLost(TimeSpan pause, string reason) => LogLost(pause.TotalSeconds, reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: notifications are not heard, next try in {Pause:F1} s: {Reason}")]
    private partial void LogLost(double pause, string reason);
}

/// <summary>Sends the notifications of a process that runs no relay.</summary>
internal sealed class NotificationSender<TDbContext>(Notifications<TDbContext> notifications) : BackgroundService
    where TDbContext : DbContext
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => notifications.RunAsync(wake: null, stoppingToken);
}
