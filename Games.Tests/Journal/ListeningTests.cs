using System.Net;
using Games.Journal;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Tests.Journal;

/// <summary>The connection that hears of events: lost, silently dead, and seen from outside.</summary>
public sealed class ListeningTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private const string Listening =
        "select count(*) from pg_stat_activity where application_name = 'Games.Api events' "
        + "and datname = current_database() and query like '%LISTEN events%'";

    private readonly EventsTable _events = new(database.ConnectionString);
    private readonly string _channel = $"test-{Guid.NewGuid():n}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Fact]
    public async Task A_listener_whose_backend_is_terminated_is_not_ready_until_it_hears_again_and_has_missed_nothing()
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, $"events.{_channel}");
        await using var api = await StartAsync();
        using var client = api.CreateClient();
        Assert.Equal(1L, await _events.ScalarAsync(Listening));

        // No new connection is let in, the others stay.
        await using (await RefusedConnections.ToAsync(database.ConnectionString))
        {
            await _events.ScalarAsync(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                + "where application_name = 'Games.Api events' and datname = current_database()");
            await Until.TrueAsync(
                async () => (await client.GetAsync("/health/ready")).StatusCode is HttpStatusCode.ServiceUnavailable, "it is not ready");
            Assert.Equal(HealthStatus.Unhealthy, await ListenerHealthAsync(api));
            await _events.InsertAsync("test.event", channel: _channel);
        }

        await client.ReadyAsync();
        await _events.InsertAsync("test.event", channel: _channel);
        await listener.HearsAsync(2);
    }

    [Fact]
    public async Task A_line_that_is_silently_dead_is_found_out_within_the_keep_alive()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, $"events.{_channel}");
        await using var api = await StartAsync(through, ("Journal:KeepAliveInterval", "00:00:01"), ("Journal:KeepAliveTimeout", "00:00:01"));
        using var client = api.CreateClient();

        line.Freeze();
        var missed = await _events.InsertAsync("test.event", channel: _channel);
        await Until.TrueAsync(async () => await ListenerHealthAsync(api) is HealthStatus.Unhealthy, "the loss is noticed", TimeSpan.FromSeconds(10));
        line.Cut();
        await Until.TrueAsync(
            async () => (await client.GetAsync("/health/ready")).StatusCode is HttpStatusCode.ServiceUnavailable, "it is not ready");
        line.Thaw();

        await listener.HearsAsync(missed);
        await client.ReadyAsync();
    }

    [Fact]
    public async Task Whoever_looks_into_pg_stat_activity_sees_that_it_listens_at_any_time()
    {
        await using var api = await StartAsync(("Journal:KeepAliveInterval", "00:00:00.100"));
        Assert.Equal(1L, await _events.ScalarAsync(Listening));

        await Until.TrueAsync(
            async () => (long)(await _events.ScalarAsync($"{Listening} and query like '%SELECT%'"))! == 1, "it has looked at the table");
    }

    // Of the listener alone: a database that is away makes the service unready by itself.
    private static async Task<HealthStatus> ListenerHealthAsync(ApiHost api) =>
        (await api.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == EventJournal.HealthCheckName)).Status;

    private Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => StartAsync(database.ConnectionString, settings);

    private Task<ApiHost> StartAsync(string connectionString, params (string Key, string Value)[] settings) =>
        JournalApi.StartAsync(connectionString, broker.ConnectionString, settings);
}
