using Games.Outbox.Outages;
using Npgsql;

namespace Games.Outbox.Database;

/// <summary>
/// Receives and sends notifications (LISTEN and NOTIFY) on one connection beside the application's pool. A notification is a wake-up and never
/// the data, so one that is lost costs time only. A look at the table, once every interval, both tries the connection and finds what no notification
/// has told of. When the connection is lost it is opened anew, with a growing pause.
/// </summary>
/// <param name="keepAliveInterval">How often the connection is tried by a look at the table; jitter adds up to a fifth.</param>
/// <param name="outage">Is told when the database is away, and tells of it.</param>
/// <param name="time">The clock.</param>
public abstract class DatabaseListener(TimeSpan keepAliveInterval, DatabaseOutage outage, TimeProvider time)
{
    /// <summary>Pause after a notification, in which the commits of a burst gather for the next one.</summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan PoolerPause = TimeSpan.FromMinutes(1);

    private readonly WakeUp _requested = new();
    private volatile bool _isListening;
    private volatile string? _problem;
    private bool _isPooled;

    /// <summary>Whether notifications arrive here, as far as the last keep-alive can tell. While they do, this class looks at the table.</summary>
    public bool IsListening => _isListening;

    /// <summary>Why notifications do not arrive here; null while they do, and before the first failure.</summary>
    public string? Problem => _problem;

    /// <summary>
    /// Sends the notifications that <see cref="RequestNotification" /> asks for. With <paramref name="wake" /> it listens as well, and calls it
    /// for each notification of another process, after each (re)connection, when the connection is lost, and when rows are due in the table.
    /// </summary>
    /// <param name="wake">Is called on any thread, and must return at once; null to send only.</param>
    /// <param name="ct">Ends it.</param>
    public async Task RunAsync(Action<WakeUpSource>? wake, CancellationToken ct)
    {
        var failures = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        while (!ct.IsCancellationRequested)
        {
            long? connected = null;

            try
            {
                // A process that only sends needs no connection before there is something to send.
                if (wake is null)
                {
                    await _requested.WaitAsync(Timeout.InfiniteTimeSpan, ct);
                    _requested.Set();
                }

                await using var connection = await OpenAsync(ct);
                var channel = await ReadChannelAsync(connection, ct);
                if (wake is not null)
                    await ListenAsync(connection, channel, wake, ct);

                connected = time.GetTimestamp();
                outage.Works(this);
                await ServeAsync(connection, channel, wake, ct);
            }
            catch (Exception) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                if (connected is { } start && time.GetElapsedTime(start) > TimeSpan.FromSeconds(1))
                    failures.Reset();

                var pause = exception is PoolerException ? PoolerPause : failures.Next();
                _problem = exception.InWords();
                if (!outage.Met(exception, this))
                    LogConnectionLost(pause, _problem);
                if (_isListening)
                {
                    // From here on the woken loop has to look at the table itself.
                    _isListening = false;
                    wake?.Invoke(WakeUpSource.Reconnect);
                }

                // Cancelled or not, the loop's condition decides.
                await Task.Delay(pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                _isListening = false;
            }
        }
    }

    /// <summary>Has a notification sent. Returns at once; while one is under way, many calls make one more.</summary>
    protected void RequestNotification() => _requested.Set();

    /// <summary>Opens a connection of <see cref="DedicatedConnection" />.</summary>
    protected abstract Task<NpgsqlConnection> OpenAsync(CancellationToken ct);

    /// <summary>The channel to listen to and to notify: letters, digits and underscores.</summary>
    protected abstract Task<string> ReadChannelAsync(NpgsqlConnection connection, CancellationToken ct);

    /// <summary>How long until something in the table is due; negative or zero if it is now, null if nothing waits.</summary>
    protected abstract Task<TimeSpan?> PeekAsync(NpgsqlConnection connection, CancellationToken ct);

    /// <summary>Logs that the connection is lost, and when the next is tried, for a reason that is not an outage of the database.</summary>
    protected abstract void LogConnectionLost(TimeSpan pause, string reason);

    private async Task ListenAsync(NpgsqlConnection connection, string channel, Action<WakeUpSource> wake, CancellationToken ct)
    {
        connection.Notification += (_, notification) =>
        {
            // Our own: the commit has woken this process already.
            if (notification.PID != connection.ProcessID)
                wake(WakeUpSource.Notify);
        };

        // LISTEN takes no parameter; the name is letters and digits. It comes last, so that pg_stat_activity shows it.
        await using var listen = new NpgsqlCommand($"SELECT pg_backend_pid(); LISTEN {channel}", connection);
        // Another process answers than the one that was connected to: a pooler stands between.
        _isPooled = (int)(await listen.ExecuteScalarAsync(ct))! != connection.ProcessID;
        if (_isPooled)
            await RequireNotificationsAsync(connection, channel, ct);
        _isListening = true;
        _problem = null;

        // Notifications that were sent while nobody listened.
        wake(WakeUpSource.Reconnect);
    }

    /// <summary>
    /// A pooler that gives each transaction a backend of its choice (PgBouncer's transaction mode) takes LISTEN and delivers nothing. That shows in
    /// the channels of the backend, but not if it happens to be the same one; so a notification is sent from elsewhere, and has to arrive.
    /// </summary>
    private async Task RequireNotificationsAsync(NpgsqlConnection connection, string channel, CancellationToken ct)
    {
        await RequireChannelAsync(connection, channel, ct);

        await using var other = await OpenAsync(ct);
        await NotifyAsync(other, channel, ct);
        if (!await connection.WaitAsync(TimeSpan.FromSeconds(connection.ConnectionTimeout), ct))
            throw new PoolerException();
    }

    private static async Task RequireChannelAsync(NpgsqlConnection connection, string channel, CancellationToken ct)
    {
        await using var channels = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_listening_channels() channel WHERE channel = $1)", connection)
        {
            Parameters = { new() { Value = channel } }
        };
        if (await channels.ExecuteScalarAsync(ct) is not true)
            throw new PoolerException();
    }

    private async Task ServeAsync(NpgsqlConnection connection, string channel, Action<WakeUpSource>? wake, CancellationToken ct)
    {
        var rest = NextKeepAlive();
        var since = time.GetTimestamp();

        while (true)
        {
            var left = wake is null ? Timeout.InfiniteTimeSpan : rest - time.GetElapsedTime(since);

            if (wake is not null && left <= TimeSpan.Zero)
            {
                rest = await LookAsync(connection, channel, wake, ct);
                since = time.GetTimestamp();
            }
            else if (await WaitAsync(connection, wake is not null, left, ct))
            {
                await NotifyAsync(connection, channel, ct);
                await Task.Delay(GatherTime, time, ct);
            }
        }
    }

    /// <summary>Waits for a notification, for the end of the time, or until a notification is to be sent: true for the last.</summary>
    private async Task<bool> WaitAsync(NpgsqlConnection connection, bool listens, TimeSpan longest, CancellationToken ct)
    {
        if (!listens)
        {
            await _requested.WaitAsync(longest, ct);
            return true;
        }

        // A connection has one user at a time: the wait for the one ends the wait for the other.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var requested = _requested.WaitAsync(Timeout.InfiniteTimeSpan, either.Token);
        var notified = connection.WaitAsync(longest < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : longest, either.Token);

        await Task.WhenAny(requested, notified);
        await either.CancelAsync();
        await ((Task)Task.WhenAll(requested, notified)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        ct.ThrowIfCancellationRequested();
        if (notified.IsFaulted)
        {
            if (requested.IsCompletedSuccessfully)
                _requested.Set();
            await notified;
        }

        return requested.IsCompletedSuccessfully;
    }

    private async Task NotifyAsync(NpgsqlConnection connection, string channel, CancellationToken ct)
    {
        try
        {
            await using var notify = new NpgsqlCommand("SELECT pg_notify($1, '')", connection) { Parameters = { new() { Value = channel } } };
            await notify.ExecuteNonQueryAsync(ct);
        }
        catch
        {
            // Not sent: the next connection sends it.
            _requested.Set();
            throw;
        }
    }

    /// <summary>
    /// Tries the connection with the very statement that looks at the table, so that both cost one. Returns how long to rest: rows of which nobody
    /// sends a notification (a dead process had leased them) are due when their lease is over.
    /// </summary>
    private async Task<TimeSpan> LookAsync(NpgsqlConnection connection, string channel, Action<WakeUpSource> wake, CancellationToken ct)
    {
        if (_isPooled)
            await RequireChannelAsync(connection, channel, ct);

        var due = await PeekAsync(connection, ct);
        if (due <= TimeSpan.Zero)
            wake(WakeUpSource.Poll);

        var rest = NextKeepAlive();

        return due > TimeSpan.Zero && due < rest ? due.Value : rest;
    }

    private TimeSpan NextKeepAlive() => keepAliveInterval * (1 + 0.2 * Random.Shared.NextDouble());

    private sealed class PoolerException() : Exception(
        "LISTEN does not last, because a pooler in transaction mode stands before the database. Connect past it, or switch notifications off");
}
