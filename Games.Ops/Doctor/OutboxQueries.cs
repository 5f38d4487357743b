using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>
/// The doctor's last statements of its own. Both move to Games.Outbox (branch outbox): the addresses to OutboxInspection, the listeners to its
/// folder Database. Then this class goes.
/// </summary>
internal sealed class OutboxQueries(GamesDbContext db)
{
    public const string ListenerPurpose = "outbox";

    /// <summary>Addresses of the messages that were returned for want of a queue, among the first 10,000 that wait for their next attempt.</summary>
    public Task<List<string>> ReturnedAddressesAsync(CancellationToken ct) => db.Database.SqlQuery<string>($"""
        SELECT DISTINCT "DestinationAddress" AS "Value" FROM (
            SELECT "DestinationAddress", "LastError" FROM "OutboxMessage"
            WHERE "NextAttempt" IS NOT NULL AND "Relayed" IS NULL AND "NextAttempt" < 'infinity' ORDER BY "NextAttempt" LIMIT 10000) x
        WHERE "LastError" LIKE 'MessageReturnedException%'
        """).ToListAsync(ct);

    /// <summary>Connections to this database whose name ends in a purpose: whose each is, how long it is connected, and how long silent.</summary>
    public Task<List<Listener>> ListenersAsync(CancellationToken ct) => db.Database.SqlQuery<Listener>($"""
        SELECT pid AS "Pid", application_name AS "Name", COALESCE(host(client_addr) || ':' || client_port, 'this machine') AS "Client",
            EXTRACT(EPOCH FROM clock_timestamp() - backend_start)::float8 AS "ConnectedSeconds",
            COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - state_change), 0)::float8 AS "SilentSeconds"
        FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '(^| )(outbox|events)$'
        ORDER BY application_name, backend_start
        """).ToListAsync(ct);

    internal sealed record Listener(int Pid, string Name, string Client, double ConnectedSeconds, double SilentSeconds);
}
