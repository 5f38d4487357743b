using Games.Data;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Servers;

/// <summary>Brings the template database up to date, once a run; every migrated test database is a copy of it.</summary>
internal static class Migrations
{
    /// <summary>As the API does it, but leaving no connection behind: a database that somebody is connected to cannot be copied.
    /// Returns the names of the migrations that this call applied.</summary>
    public static async Task<IReadOnlyList<string>> ApplyAsync(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Configuration["ConnectionStrings:Games"] = $"{connectionString};Pooling=false";
        builder.AddGamesDatabase();
        using var host = builder.Build();
        return await host.Services.MigrateGamesDatabaseAsync();
    }
}
