using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Database;

/// <summary>A connection of <see cref="DedicatedConnection" />.</summary>
/// <param name="ProcessId">Process id of its backend, as <c>pg_terminate_backend</c> takes it.</param>
/// <param name="Name">Its application_name: the service's name, if its connection string or host has one, and the purpose.</param>
/// <param name="Client">Address and port of the client; "this machine" for a Unix socket.</param>
/// <param name="ConnectedSeconds">How long it has been connected (s).</param>
/// <param name="SilentSeconds">
/// How long ago it began or ended its last statement (s): at most about the keep-alive interval while its process lives.
/// </param>
public sealed record ListeningConnection(int ProcessId, string Name, string Client, double ConnectedSeconds, double SilentSeconds);

/// <summary>Finds the processes that listen for notifications.</summary>
public static class ListeningConnections
{
    /// <summary>The connections to the context's database that were opened for this purpose, in the order of their names and ages.</summary>
    /// <param name="context">Whose database it is.</param>
    /// <param name="purpose">As given to <see cref="DedicatedConnection.OpenAsync" />: letters, digits and underscores.</param>
    /// <param name="ct">Ends the query.</param>
    public static async Task<IReadOnlyList<ListeningConnection>> ListAsync(DbContext context, string purpose, CancellationToken ct = default) =>
        await context.Database.SqlQuery<ListeningConnection>($"""
            SELECT pid AS "ProcessId", application_name AS "Name",
                COALESCE(host(client_addr) || ':' || client_port, 'this machine') AS "Client",
                EXTRACT(EPOCH FROM clock_timestamp() - backend_start)::float8 AS "ConnectedSeconds",
                COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - state_change), 0)::float8 AS "SilentSeconds"
            FROM pg_stat_activity
            WHERE datname = current_database() AND (application_name = {purpose} OR right(application_name, length({purpose}) + 1) = ' ' || {purpose})
            ORDER BY application_name, backend_start
            """).ToListAsync(ct);
}
