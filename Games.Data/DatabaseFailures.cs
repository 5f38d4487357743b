using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Data;

public static class DatabaseFailures
{
    /// <summary>
    /// Whether the connection failed or timed out, or the server is starting, stopping or full: the same request can succeed later.
    /// </summary>
    public static bool IsDatabaseGone(this Exception exception) => exception switch
    {
        PostgresException postgres => postgres.IsTransient,
        NpgsqlException => true,
        DbUpdateException or InvalidOperationException => exception.InnerException?.IsDatabaseGone() ?? false,
        _ => false,
    };
}
