using Games.AppHost.Servers;

namespace Games.Tests.Servers;

/// <summary>Two PostgreSQL servers of a test's own: what is committed on the primary is on its standby.</summary>
internal sealed class PrimaryAndStandby : IAsyncDisposable
{
    private PrimaryAndStandby(PostgresServer primary, PostgresServer standby) => (Primary, Standby) = (primary, standby);

    public PostgresServer Primary { get; }

    public PostgresServer Standby { get; }

    public static async Task<PrimaryAndStandby> StartAsync(TestServers servers, string name, CancellationToken ct)
    {
        var primary = new PostgresServer(servers.DirectoryOf($"{name}-primary"))
        {
            Settings = new Dictionary<string, string> { ["synchronous_standby_names"] = "*" },
        };
        var pair = new PrimaryAndStandby(primary, new PostgresServer(servers.DirectoryOf($"{name}-standby")) { Primary = primary });
        try
        {
            await primary.StartAsync(ct);
            await pair.Standby.StartAsync(ct);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>A database of ours on both, and the connection string that gets whoever connects to the one that takes writes.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken ct)
    {
        var games = await Primary.CreateDatabaseAsync("games", ct: ct);
        await Migrations.ApplyAsync(games);
        await TestKey.AddAsync($"{games};Pooling=false");
        return $"Host=127.0.0.1:{Primary.Port},127.0.0.1:{Standby.Port};Target Session Attributes=primary;Username=games;Database=games";
    }

    public async ValueTask DisposeAsync()
    {
        await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
