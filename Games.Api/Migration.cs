using Games.Data;
using Games.Outbox.Outages;
using Npgsql;

namespace Games.Api;

internal static partial class Migration
{
    public static async Task<int> MigrateAsync(this WebApplication app)
    {
        try
        {
            var applied = await app.Services.MigrateGamesDatabaseAsync();
            if (applied is [])
                Log.UpToDate(app.Logger);
            foreach (var migration in applied)
                Log.Applied(app.Logger, migration);
            return 0;
        }
        catch (Exception e) when (e.IsDatabaseUnavailable() || e is PostgresException)
        {
            throw new SettingException($"The database at ConnectionStrings:{GamesDatabase.Name} cannot be migrated: {e.InWords()}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Applied migration {Migration}")]
        public static partial void Applied(ILogger logger, string migration);

        [LoggerMessage(LogLevel.Information, "The database is up to date, no migration to apply")]
        public static partial void UpToDate(ILogger logger);
    }
}
