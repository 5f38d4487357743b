using System.Collections.Concurrent;
using System.Net;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>
/// A version is replaced by the next while people use it. <c>.ci/run --rolling COMMIT</c> has the build of an older commit replaced by this one; else
/// both are this one, which holds that a service ends without failing a request. (An older one without <c>Shutdown:DrainTime</c> fails some.)
/// </summary>
public sealed class RollingUpdateTests(EmptyDatabase database, TestBroker broker, TestServers servers)
    : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    /// <summary>Without a pause: with fewer nothing failed although the APIs ended at once.</summary>
    private const int Clients = 16;

    private readonly ConcurrentBag<Guid> _games = [];
    private readonly ConcurrentQueue<string> _failures = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task APIs_and_bots_that_are_replaced_one_after_the_other_fail_no_request_and_lose_no_announcement()
    {
        // Skips where it is not installed.
        _ = (await Availability.OfAsync(Task.Run(() => ServerBinaries.HaProxy()))).ConnectionString;
        await using var services = new RunningServices(
            database.ConnectionString, broker.ConnectionString, further: new Dictionary<string, string> { ["Shutdown__DrainTime"] = "00:00:10" });
        await using var second = services.NewApi();
        GamesService[] apis = [services.Api, second];
        GamesService[] all = [.. apis, services.Bot];
        var own = services.Bot.Solution;
        foreach (var service in all)
            service.Solution = Environment.GetEnvironmentVariable("GAMES_OLDER_SOLUTION") ?? own;
        await second.RunOnceAsync(Ct, "--migrate");
        await TestKey.AddAsync(database.ConnectionString);
        await Task.WhenAll(all.Select(service => service.StartAsync()));
        await using var balancer = new HaProxyServer(
            servers.DirectoryOf("haproxy"), Repository.PathOf("deploy/compose/haproxy.cfg"), [.. apis.Select(api => api.Address.Port)]);
        await balancer.StartAsync();
        using var stop = new CancellationTokenSource();
        var clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => CreateGamesAsync(balancer.Address, stop.Token)));

        // The newer version's migrations come first, while all of the older still run.
        services.Bot.Solution = own;
        foreach (var api in apis)
            api.Solution = own;
        await second.RunOnceAsync(Ct, "--migrate");
        for (var i = 0; i < apis.Length; i++)
        {
            await apis[i].RestartAsync();
            var api = i;
            await Until.TrueAsync(() => balancer.SendsToAsync(api), $"the balancer sends to API {api} again");
        }
        await services.Bot.RestartAsync();
        await stop.CancelAsync();
        await clients;

        Assert.Empty(_failures);
        Assert.NotEmpty(_games);
        await services.AllAnnouncedAsync([.. _games]);
        Assert.Equal(_games.Count, await services.CountAsync("SELECT count(*) FROM announcements"));
        await services.OutboxEmptyAsync();
    }

    private async Task CreateGamesAsync(Uri address, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { Authorization = TestKey.Header } };
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var answer = await client.PostGameAsync(Requests.ValidGame());
                if (answer.StatusCode is HttpStatusCode.Created)
                    _games.Add(Guid.Parse(answer.Headers.Location!.OriginalString.Split('/')[^1]));
                else
                    _failures.Enqueue($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
            catch (HttpRequestException failure)
            {
                _failures.Enqueue(failure.Message);
            }
        }
    }
}
