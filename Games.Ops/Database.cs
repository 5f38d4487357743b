using Games.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Ops;

/// <summary>
/// Gives a verb the services' own classes on the database of ConnectionStrings:Games. No host is started, so nothing runs beside the verb.
/// </summary>
internal static class Database
{
    /// <summary>Runs a verb that answers whether all is well; its exit code.</summary>
    /// <exception cref="SettingException">The database is not set, does not answer, or is not migrated.</exception>
    public static async Task<int> RunAsync(Action<HostApplicationBuilder> add, Func<IServiceProvider, Task<bool>> verb)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.AddGamesDatabase();
        builder.Services.AddSingleton(TimeProvider.System);
        add(builder);
        await using var services = builder.Services.BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();

        try
        {
            return await verb(scope.ServiceProvider) ? 0 : 1;
        }
        catch (PostgresException e) when (e.SqlState
            is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidCatalogName)
        {
            throw new SettingException(
                $"The database at ConnectionStrings:{GamesDatabase.Name} is not migrated ({e.MessageText}), "
                + "run first: dotnet run --project Games.Api -- --migrate");
        }
        catch (Exception e) when (e.IsDatabaseFailure())
        {
            throw new SettingException($"The database at ConnectionStrings:{GamesDatabase.Name} does not answer: {e.GetBaseException().Message}");
        }
    }

    /// <summary>The database is away, or refuses a statement.</summary>
    public static bool IsDatabaseFailure(this Exception exception) =>
        exception.IsDatabaseUnavailable() || exception.GetBaseException() is PostgresException;
}
