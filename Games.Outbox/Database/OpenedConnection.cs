using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Outbox.Database;

internal static class OpenedConnection
{
    /// <summary>
    /// Runs on the context's connection, opened for it and closed after it: a pooled context that is given back with its connection open
    /// counts it as open in all its lives.
    /// </summary>
    public static async Task<T> OnConnectionAsync<T>(
        this DbContext context, Func<NpgsqlConnection, Task<T>> action, CancellationToken ct, bool sync = false)
    {
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();

        if (sync)
            context.Database.OpenConnection();
        else
            await context.Database.OpenConnectionAsync(ct);

        try
        {
            return await action(connection);
        }
        finally
        {
            if (sync)
                context.Database.CloseConnection();
            else
                await context.Database.CloseConnectionAsync();
        }
    }
}
