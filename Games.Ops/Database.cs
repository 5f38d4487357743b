using Games.Data;
using Games.Outbox.Outages;
using Microsoft.Extensions.Configuration;
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
        RequireServers(builder.Configuration);
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
        catch (Exception e) when (e.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } refused)
        {
            throw new SettingException(
                $"The database at ConnectionStrings:{GamesDatabase.Name} takes nothing: {refused.MessageText}. doctor says why, and what to do.");
        }
        catch (Exception e) when (e.IsDatabaseFailure())
        {
            throw new SettingException(
                $"The database at ConnectionStrings:{GamesDatabase.Name} does not answer: {e.InWords()}"
                + (OperatorConsole.RunOfTheCaller is null ? "" : ". That of ./run is started by ./games database start"));
        }
    }

    /// <summary>A person who has set neither is told of ./run; whoever has set one is told the key that is missing.</summary>
    private static void RequireServers(IConfiguration configuration)
    {
        string[] names = [GamesDatabase.Name, "RabbitMq"];
        if (!names.All(name => string.IsNullOrEmpty(configuration.GetConnectionString(name))))
            return;

        if (OperatorConsole.RunOfTheCaller is { } run)
        {
            throw new SettingException(
                $"Games does not run on {run}, or has not started yet. Start it with ./run; another folder than .run is named by "
                + "./games --data FOLDER, servers elsewhere by ConnectionStrings__Games and, for doctor, ConnectionStrings__RabbitMq.");
        }

        throw new SettingException(
            "Settings ConnectionStrings:Games and ConnectionStrings:RabbitMq are missing. On this machine start ./run, and ./games finds it; "
            + "elsewhere set the environment variables ConnectionStrings__Games and, for doctor, ConnectionStrings__RabbitMq.");
    }

    /// <summary>The database is away, or refuses a statement.</summary>
    public static bool IsDatabaseFailure(this Exception exception) =>
        exception.IsDatabaseUnavailable() || exception.GetBaseException() is PostgresException;
}
