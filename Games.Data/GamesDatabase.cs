using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Data;

public static class GamesDatabase
{
    public const string Name = "Games";
    public const string HealthCheckName = "games-database";

    /// <summary>
    /// A caller hears within seconds that PostgreSQL is gone, two services at full load stay under its 100 connections, and a statement
    /// that comes again is parsed and planned once a connection. Connections are not reset before their next use, which would be seven statements:
    /// what we set and lock belongs to a transaction, or to a connection outside the pool. Only the migration locks, and unlocks, a session.
    /// Of several hosts, Npgsql takes one to be what it was last seen as, and one whose connection has broken to be away, whatever else it has
    /// connected there: for 2 s and not for 10, by which a standby that was promoted would be found later.
    /// The connection string comes later, and wins.
    /// </summary>
    private static readonly string Defaults =
        $"Timeout=3;Command Timeout=10;Host Recheck Seconds=2;Maximum Pool Size={DatabasePool.RequestsSize};Max Auto Prepare=100;"
        + "No Reset On Close=true;";

    public static void AddGamesDatabase(this IHostApplicationBuilder builder)
    {
        var settings = WithDefaults(builder.Configuration.RequireConnectionString(Name), builder.Environment.ApplicationName);
        var chooser = new DatabasePool.Chooser(settings);

        builder.Services.AddDbContextPool<GamesDbContext>(options => options
            .UseNpgsql(DatabasePool.Shared(settings))
            .AddInterceptors(chooser, new RestedConnections())
            // With OfficialPackages=true the outbox tables lack the columns that only ours has; they still fit.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)));
        // By hand: a program that only migrates has no bus, and in Development every service that the container could make is checked.
        builder.Services.AddScoped(services => ActivatorUtilities.CreateInstance<GameCommands>(services));
        builder.Services.AddHealthChecks().AddCheck<GamesDatabaseHealthCheck>(HealthCheckName, tags: ["ready"]);
    }

    private static NpgsqlConnectionStringBuilder WithDefaults(string connectionString, string? service)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(Defaults + connectionString);
            // Npgsql's traces and metrics show the connection string.
            settings.PersistSecurityInfo = false;
            // So that pg_stat_activity tells whose connection each is.
            if (string.IsNullOrEmpty(settings.ApplicationName))
                settings.ApplicationName = service;
            // Nothing connects: it only says what is missing, or does not go together.
            NpgsqlDataSource.Create(settings).Dispose();
            return settings;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
        {
            throw new SettingException(
                $"Setting ConnectionStrings:{Name} is not a connection string of Npgsql (Host=…;Database=…;Username=…).");
        }
    }
}
