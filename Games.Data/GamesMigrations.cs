using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Data;

public static partial class GamesMigrations
{
    /// <summary>Any number that every version of every service agrees on.</summary>
    private const long LockKey = 0x47414D4553;

    private static readonly TimeSpan MigrationTimeout = TimeSpan.FromMinutes(10);

    /// <summary>
    /// A server that is busy may not take a connection within the few seconds that suit a caller. Shorter than a statement's timeout, which is not
    /// repeated.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Creates the database where it is missing and applies what is not applied yet, one process at a time: several
    /// replicas may start at once. Returns the names of the migrations applied here.
    /// </summary>
    /// <exception cref="SettingException">The server is too old (<see cref="OldestServer"/>).</exception>
    public static async Task<IReadOnlyList<string>> MigrateGamesDatabaseAsync(this IServiceProvider services, CancellationToken ct = default)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await MigrateAsync(services, ct);
            }
            catch (Exception failure) when (failure.IsSilence() && Stopwatch.GetElapsedTime(start) < Patience)
            {
                LogAskedAgain(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GamesMigrations)));
            }
        }
    }

    private static async Task<IReadOnlyList<string>> MigrateAsync(IServiceProvider services, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<GamesDbContext>().Database;
        await CreateIfMissingAsync(database, ct);
        await RefuseOldServerAsync(database, ct);

        // The lock belongs to a transaction beside those of the migrations: one of the session is lost behind PgBouncer, which gives each transaction
        // another one.
        await using var lockScope = services.CreateAsyncScope();
        var locks = lockScope.ServiceProvider.GetRequiredService<GamesDbContext>().Database;
        locks.SetCommandTimeout(MigrationTimeout);
        await using var transaction = await locks.BeginTransactionAsync(ct);
        await locks.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockKey})", ct);

        database.SetCommandTimeout(MigrationTimeout);
        // EF Core asks for what is applied even when the table of that is missing, which PostgreSQL logs as an error.
        await database.GetService<IHistoryRepository>().CreateIfNotExistsAsync(ct);
        var pending = (await database.GetPendingMigrationsAsync(ct)).ToList();
        await database.MigrateAsync(ct);
        return pending;
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

    private static async Task RefuseOldServerAsync(DatabaseFacade database, CancellationToken ct)
    {
        await database.OpenConnectionAsync(ct);
        if (((NpgsqlConnection)database.GetDbConnection()).FindRefusal() is { } refusal)
            throw new SettingException($"ConnectionStrings:{GamesDatabase.Name}: {refusal}.");
        await database.CloseConnectionAsync();
    }

    [LoggerMessage(LogLevel.Warning, "The database has not answered in time, and is asked again")]
    private static partial void LogAskedAgain(ILogger logger);
}
