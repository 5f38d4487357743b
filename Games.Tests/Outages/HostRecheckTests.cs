using System.Diagnostics;
using System.Net;
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
        await using var pair = await PrimaryAndStandby.StartAsync(servers, "recheck", Ct);
        await using var apiHost = new ApiHost(await pair.CreateDatabaseAsync(Ct), broker.ConnectionString);
        using var api = apiHost.CreateClient();
        await api.CreateGameAsync();

        await using (var source = NpgsqlDataSource.Create(pair.Primary.ConnectionStringTo("games")))
        await using (var end = source.CreateCommand(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'Games.Api%'"))
        {
            Assert.True((long)(await end.ExecuteScalarAsync(Ct))! > 0);
        }

        var broken = Stopwatch.GetTimestamp();
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await api.PostGameAsync(Requests.ValidGame());
                return answer.StatusCode is HttpStatusCode.Created;
            },
            "a game is created");
        Assert.InRange(Stopwatch.GetElapsedTime(broken), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }
}
