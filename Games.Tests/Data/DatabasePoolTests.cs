using Games.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Tests.Data;

public sealed class DatabasePoolTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("{0}", null)]
    [InlineData("{0}:{1}", null)]
    [InlineData("{0}:{1},{0}:{1}", "primary")]
    public async Task A_context_that_comes_again_takes_its_connection_from_the_pool_of_whoever_has_it_now(string hosts, string? wanted)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { TargetSessionAttributes = wanted };
        // One that is opened shows none.
        settings.Password ??= "any";
        settings.Host = string.Format(hosts, settings.Host, settings.Port);

        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration["ConnectionStrings:Games"] = settings.ConnectionString;
        builder.AddGamesDatabase();
        await using var services = builder.Services.BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>().Database;

        List<int> sizes = [await PoolSizeAsync(db)];
        DatabasePool.EnterRequests();
        sizes.Add(await PoolSizeAsync(db));
        DatabasePool.EnterDispatcher();
        sizes.Add(await PoolSizeAsync(db));
        DatabasePool.EnterRequests();
        sizes.Add(await PoolSizeAsync(db));

        Assert.Equal([8, 32, 4, 32], sizes);
    }

    private static async Task<int> PoolSizeAsync(DatabaseFacade db)
    {
        await db.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await db.CloseConnectionAsync();
        return new NpgsqlConnectionStringBuilder(db.GetDbConnection().ConnectionString).MaxPoolSize;
    }
}
