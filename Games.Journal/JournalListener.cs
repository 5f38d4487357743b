using Games.Data;
using Games.Outbox.Database;
using Games.Outbox.Outages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Journal;

/// <summary>Hears of events that anybody has inserted: the table's trigger tells, this process never does.</summary>
internal sealed partial class JournalListener(
    IServiceScopeFactory scopes, JournalOptions options, DatabaseOutage outage, TimeProvider time, ILogger<JournalListener> logger)
    : DatabaseListener(options.KeepAliveInterval, outage, time)
{
    /// <summary>What pg_stat_activity shows behind the name of the service: "Games.Api events".</summary>
    public const string Purpose = "events";

    // As the trigger names it, in the migration.
    public const string Channel = "events";

    // pg_stat_activity shows the last statement: whoever looks there should read at any time that this connection listens.
    private const string Look = $"/* LISTEN {Channel} */ {JournalStore.Peek}";

    protected override async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await DedicatedConnection.OpenAsync(scope.ServiceProvider.GetRequiredService<GamesDbContext>(), Purpose, options.KeepAliveTimeout, ct);
    }

    protected override Task<string> ReadChannelAsync(NpgsqlConnection connection, CancellationToken ct) => Task.FromResult(Channel);

    protected override async Task<TimeSpan?> PeekAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Look, connection);
        return JournalStore.Remaining(await command.ExecuteScalarAsync(ct));
    }

    protected override void LogConnectionLost(TimeSpan pause, string reason) => LogLost(pause.TotalSeconds, reason);

    [LoggerMessage(LogLevel.Warning, "Journal: notifications are not heard, next try in {Pause:F1} s: {Reason}")]
    private partial void LogLost(double pause, string reason);
}
