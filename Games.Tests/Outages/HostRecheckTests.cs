using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Outages;

[Collection(nameof(Alone))]
public sealed class HostRecheckTests(TestServers servers, TestBroker broker) : IClassFixture<TestBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_breaks_has_the_others_of_several_hosts_wait_for_2_s_and_not_for_10()
    {
        await using var primary = new PostgresServer(servers.DirectoryOf("recheck-primary"));
        await primary.StartAsync(Ct);
        await using var standby = new PostgresServer(servers.DirectoryOf("recheck-standby")) { Primary = primary };
        await standby.StartAsync(Ct);
        await using var apiHost = new ApiHost(await FailoverTests.MadeAsync(primary, standby), broker.ConnectionString);
        using var api = apiHost.CreateClient();
        await FailoverTests.CreatedAsync(api);

        await using (var source = NpgsqlDataSource.Create(primary.ConnectionStringTo("games")))
        await using (var end = source.CreateCommand(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'Games.Api%'"))
        {
            Assert.True((long)(await end.ExecuteScalarAsync(Ct))! > 0);
        }

        var broken = Stopwatch.GetTimestamp();
        await FailoverTests.CreatedAsync(api);
        Assert.InRange(Stopwatch.GetElapsedTime(broken), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }
}
