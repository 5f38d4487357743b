using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Outbox.Relay;

internal static class OwnConnection
{
    /// <summary>
    /// Opens a connection with the context's credentials, outside its pool. Each call asks anew, so that a password that changes is the
    /// present one.
    /// </summary>
    /// <param name="context">Whose database it is.</param>
    /// <param name="applicationName">What pg_stat_activity shows.</param>
    /// <param name="timeout">How long the opening may take, and each statement.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<NpgsqlConnection> OpenAsync(DbContext context, string applicationName, TimeSpan timeout, CancellationToken ct)
    {
        var shared = (NpgsqlConnection)context.Database.GetDbConnection();
        var seconds = (int)timeout.TotalSeconds;
        var settings = new NpgsqlConnectionStringBuilder(shared.ConnectionString)
        {
            ApplicationName = applicationName,
            Pooling = false,
            Multiplexing = false,
            Enlist = false,
            Timeout = seconds,
            CommandTimeout = seconds,
            // A line that is dead does not take a request to cancel either.
            CancellationTimeout = -1
        };
        var own = await shared.CloneWithAsync(settings.ConnectionString, ct);

        try
        {
            await own.OpenAsync(ct);

            return own;
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }
}
