extern alias Bot;

using System.Net;
using System.Text.Json;
using Bot::Games.Bot.Ingestion;
using Games.AppHost.Servers;
using Games.Contracts;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Journal;

/// <summary>On a PostgreSQL of its own, which dies while events are dispatched and messages stored.</summary>
public sealed class DatabaseRestartTests(TestServers servers, TestBroker broker) : IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_server_that_dies_and_starts_anew_costs_no_event_and_stores_none_twice()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("journal-postgres"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        var database = await server.CreateDatabaseAsync("games");
        await Migrations.ApplyAsync(database);
        await using var events = new EventsTable($"{database};Pooling=false");
        await using var host = new BotHost(
            database, broker.ConnectionString,
            settings: [("Journal:KeepAliveInterval", "01:00:00"), ("Journal:PollInterval", "01:00:00"), ("Journal:BatchLimit", "20")]);
        using var bot = host.CreateClient();
        await bot.ReadyAsync();

        await InsertAsync(events, 1_000);
        await Until.TrueAsync(async () => await CountAsync(events, "discord_messages") > 0, "messages are being stored");
        server.Kill();
        await Until.TrueAsync(async () => (await bot.GetAsync("/health/ready")).StatusCode is HttpStatusCode.ServiceUnavailable, "the bot is red");
        await server.StartAsync(TestContext.Current.CancellationToken);
        await InsertAsync(events, 10);

        await Until.TrueAsync(async () => await CountAsync(events, "discord_messages") == 1_010, "all messages are stored", TimeSpan.FromMinutes(1));
        await bot.ReadyAsync();
        // Nobody tells while nobody listens: now it is heard again, and not found at the next look.
        await InsertAsync(events, 1);
        await Until.TrueAsync(async () => await CountAsync(events, "discord_messages") == 1_011, "the last message is stored");
        Assert.InRange(host.Services.GetRequiredService<IngestionMetrics>().Total("stored.created"), 1, 1_011);
        Assert.Equal(0, host.Services.GetRequiredService<IngestionMetrics>().Total("stored.edited"));
        Assert.Equal(0L, await CountAsync(events, "events where dispatched_at is null or attempts > 0"));
    }

    private static async Task InsertAsync(EventsTable events, int count)
    {
        var messages = Enumerable.Range(0, count).Select(_ => JsonSerializer.Serialize(NewMessage.Event(), JsonSerializerOptions.Web)).ToArray();
        await events.ScalarAsync(
            $"insert into events (event_type, payload, source) "
            + $"select '{Exchanges.DiscordMessageReceived}', payload::jsonb, 'a script' from unnest($1) payload",
            new object[] { messages });
    }

    private static async Task<long> CountAsync(EventsTable events, string what) => (long)(await events.ScalarAsync($"select count(*) from {what}"))!;
}
