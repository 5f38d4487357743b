using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Data;

/// <summary>Whose fault a failure of the database is: the one place that decides, for requests, consumers and the journal.</summary>
public static class DatabaseFailures
{
    /// <summary>
    /// Whether it speaks of the system and not of what was to be stored: no connection or no answer, a server that is starting, stopping, full or
    /// read-only, a login or a right that is refused, a table or column that is not there. The same can succeed later as it is.
    /// </summary>
    public static bool IsDatabaseUnavailable(this Exception exception) => exception switch
    {
        PostgresException refused => !SpeaksOfContent(refused.SqlState),
        NpgsqlException => true,
        DbUpdateException or InvalidOperationException => exception.InnerException?.IsDatabaseUnavailable() ?? false,
        _ => false,
    };

    /// <summary>An answer that did not come in time, of whichever of several hosts.</summary>
    internal static bool IsSilence(this Exception exception) => exception switch
    {
        TimeoutException => true,
        AggregateException several => several.InnerExceptions.Any(IsSilence),
        _ => exception.InnerException?.IsSilence() ?? false,
    };

    /// <summary>The classes of SQLSTATE by which PostgreSQL, or a rule of a table, refuses values; all others are of the system.</summary>
    private static bool SpeaksOfContent(string sqlState) =>
        // Cardinality, data, integrity, WITH CHECK OPTION, limits of a program, and what a trigger raises.
        sqlState[..2] is "21" or "22" or "23" or "44" or "54" or "P0"
        // Of the failure before it, which somebody swallowed.
        || sqlState is PostgresErrorCodes.InFailedSqlTransaction;
}
