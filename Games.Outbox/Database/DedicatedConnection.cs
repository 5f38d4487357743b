using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Outbox.Database;

/// <summary>Connections beside the application's pool, for what needs one for long.</summary>
public static class DedicatedConnection
{
    private const int MaxNameLength = 63;

    /// <summary>
    /// Opens a connection with the context's credentials, outside its pool; of several hosts, to the primary. Each call asks anew, so that a
    /// password that changes is the present one.
    /// </summary>
    /// <param name="context">Whose database it is.</param>
    /// <param name="purpose">What it is for. pg_stat_activity shows it behind the Application Name of the connection string, if that has one.</param>
    /// <param name="timeout">How long the opening may take, at each host, and each statement.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="NpgsqlException">The database cannot be reached, or refuses.</exception>
    public static async Task<NpgsqlConnection> OpenAsync(DbContext context, string purpose, TimeSpan timeout, CancellationToken ct)
    {
        var shared = (NpgsqlConnection)context.Database.GetDbConnection();
        var seconds = (int)timeout.TotalSeconds;
        var settings = new NpgsqlConnectionStringBuilder(shared.ConnectionString)
        {
            Pooling = false,
            Multiplexing = false,
            Enlist = false,
            Timeout = seconds,
            CommandTimeout = seconds,
            // A line that is dead does not take a request to cancel either.
            CancellationTimeout = -1
        };
        // What such a connection is for, a standby refuses; and once it was open, the shared one names no Target Session Attributes any more.
        if (settings.Host?.Contains(',') is true)
            settings.TargetSessionAttributes = "primary";
        settings.ApplicationName = Name(settings.ApplicationName, purpose);
        var dedicated = await shared.CloneWithAsync(settings.ConnectionString, ct);

        try
        {
            await dedicated.OpenAsync(ct);

            return dedicated;
        }
        catch
        {
            await dedicated.DisposeAsync();
            throw;
        }
    }

    // PostgreSQL keeps 63 bytes: the end, which is looked for, must be among them.
    private static string Name(string? service, string purpose) =>
        string.IsNullOrWhiteSpace(service) ? purpose : $"{service[..Math.Min(service.Length, MaxNameLength - purpose.Length - 1)]} {purpose}";
}
