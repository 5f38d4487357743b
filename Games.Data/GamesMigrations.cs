using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Data;

public static class GamesMigrations
{
    /// <summary>Any number that every version of every service agrees on.</summary>
    private const long LockKey = 0x47414D4553;

    /// <summary>
    /// Creates the database where it is missing and applies what is not applied yet, one process at a time: several
    /// replicas may start at once. Returns the names of the migrations applied here.
    /// </summary>
    public static async Task<IReadOnlyList<string>> MigrateGamesDatabaseAsync(this IServiceProvider services, CancellationToken ct = default)
    {
        await using var scope = services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<GamesDbContext>().Database;
        await CreateIfMissingAsync(database, ct);

        // The lock belongs to the session: the connection stays open from here to the unlock, whatever migrates in between.
        database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        await database.OpenConnectionAsync(ct);
        await database.ExecuteSqlAsync($"select pg_advisory_lock({LockKey})", ct);
        try
        {
            var pending = (await database.GetPendingMigrationsAsync(ct)).ToList();
            await database.MigrateAsync(ct);
            return pending;
        }
        finally
        {
            await database.ExecuteSqlAsync($"select pg_advisory_unlock({LockKey})", CancellationToken.None);
            await database.CloseConnectionAsync();
        }
    }

    private static async Task CreateIfMissingAsync(DatabaseFacade database, CancellationToken ct)
    {
        var creator = database.GetService<IRelationalDatabaseCreator>();
        if (await creator.ExistsAsync(ct))
            return;

        try
        {
            await creator.CreateAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another replica was faster.
        }
    }
}
