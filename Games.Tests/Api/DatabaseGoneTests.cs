using System.Net;
using Games.AppHost.Servers;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>On a PostgreSQL of its own, which it kills.</summary>
public sealed class DatabaseGoneTests(TestServers servers) : IAsyncLifetime
{
    private PostgresServer? _postgres;
    private ApiHost? _host;

    private HttpClient Api => _host!.CreateClient();

    public async ValueTask InitializeAsync()
    {
        try
        {
            _postgres = new PostgresServer(servers.DirectoryOf("postgres-to-kill"));
            await _postgres.StartAsync();
        }
        catch (ServerUnavailableException unavailable) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(unavailable.Message);
        }

        var database = await _postgres.CreateDatabaseAsync("games");
        await Migrations.ApplyAsync(database);
        await TestKey.AddAsync(database);
        _host = new ApiHost(database);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _postgres?.Kill();
    }

    [Fact]
    public async Task Callers_are_told_to_come_back_and_served_once_it_is_back()
    {
        await Api.CreateGameAsync(Requests.ValidGame("title", "before"));
        _postgres!.Kill();

        await IsUnavailableAsync(await Api.PostGameAsync(Requests.ValidGame("title", "meanwhile")));
        await IsUnavailableAsync(await Api.PostGameAsync(Requests.ValidGame("title", "meanwhile")));
        await IsUnavailableAsync(await Api.GetAsync("/games"));
        await IsUnavailableAsync(await Api.GetAsync($"/games/{Guid.NewGuid()}"));
        using var csv = new HttpRequestMessage(HttpMethod.Get, "/games") { Headers = { { "Accept", "text/csv" } } };
        await IsUnavailableAsync(await Api.SendAsync(csv));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Api.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Api.GetAsync("/health/live")).StatusCode);
        await UntilTheKeysAreOldAsync();
        await IsUnavailableAsync(await Api.GetAsync("/games"));
        Assert.Equal(HttpStatusCode.OK, (await Api.GetAsync("/health/live")).StatusCode);

        await _postgres.StartAsync();
        await Api.ReadyAsync();
        await Api.CreateGameAsync(Requests.ValidGame("title", "after"));

        var titles = (await (await Api.GetAsync("/games")).BodyAsync())["items"]!.AsArray().Select(game => (string)game!["title"]!);
        Assert.Equal(["after", "before"], titles);
    }

    /// <summary>A process knows a key for 5 s after it has read it; then it has to read the table again.</summary>
    private static Task UntilTheKeysAreOldAsync()
    {
        var old = DateTimeOffset.UtcNow.AddSeconds(5);
        return Until.TrueAsync(() => DateTimeOffset.UtcNow > old, "the keys are old");
    }

    private async Task IsUnavailableAsync(HttpResponseMessage response)
    {
        using (response)
        {
            await response.IsProblemAsync(HttpStatusCode.ServiceUnavailable, _host!.Log);
            Assert.NotNull(response.Headers.RetryAfter?.Delta);
        }
    }
}
