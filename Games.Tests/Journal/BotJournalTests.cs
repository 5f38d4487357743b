using System.Net;
using System.Text.Json;
using Games.Contracts;
using Games.Tests.Bot;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

/// <summary>The bot dispatches the journal too, and says so when that does not work.</summary>
public sealed class BotJournalTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private readonly EventsTable _events = new(database.ConnectionString);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Fact]
    public async Task What_a_script_says_of_Discord_is_stored_without_an_API()
    {
        await using var host = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var bot = await ReadyAsync(host);
        var message = NewMessage.Event(content: "by the journal");

        await _events.InsertAsync(Exchanges.DiscordMessageReceived, JsonSerializer.Serialize(message, JsonSerializerOptions.Web));

        await Until.TrueAsync(
            async () => await _events.ScalarAsync("select content from discord_messages where message_id = $1", message.MessageId)
                is "by the journal",
            "the message is stored");
    }

    [Fact]
    public async Task The_bot_is_red_while_it_does_not_hear_of_events()
    {
        await using var host = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var bot = await ReadyAsync(host);
        Assert.Equal(1, await _events.ScalarAsync("select 1"));

        await using (await RefusedConnections.ToAsync(database.ConnectionString))
        {
            Assert.Equal(1L, await _events.ScalarAsync(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                + "where application_name = 'Games.Bot events' and datname = current_database()"));
            await Until.TrueAsync(
                async () => await StatusAsync(bot, "event-dispatcher") is ("Unhealthy", { } why)
                    && why.StartsWith("The dispatcher of the journal is not listening: "),
                "the loss is noticed");
            await AnswersAsync(bot, HttpStatusCode.ServiceUnavailable);
        }

        await bot.ReadyAsync();
        Assert.Equal(("Healthy", null), await StatusAsync(bot, "event-dispatcher"));
    }

    [Fact]
    public async Task The_bot_is_red_while_an_event_waits_for_longer_than_the_option()
    {
        await using var host = new BotHost(database.ConnectionString, broker.ConnectionString, settings: ("Journal:MaxPendingAge", "01:00:00"));
        using var bot = await ReadyAsync(host);

        var id = await _events.ScalarAsync(
            "insert into events (event_type, payload, source, dispatched_at) values ('test.event', '{}', 'a test', now()) returning id");
        await _events.ScalarAsync(
            "update events set dispatched_at = null, next_attempt_at = now() + interval '1 hour', "
            + "created_at = now() - interval '59 minutes' where id = $1", id!);
        await AnswersAsync(bot, HttpStatusCode.OK);

        await _events.ScalarAsync("update events set created_at = now() - interval '61 minutes' where id = $1", id!);
        await AnswersAsync(bot, HttpStatusCode.ServiceUnavailable);
        var (health, problem) = await StatusAsync(bot, "event-backlog");
        Assert.Equal("Unhealthy", health);
        Assert.Contains("has waited to be dispatched for 36", problem);

        await _events.ScalarAsync("update events set dispatched_at = now(), next_attempt_at = null where id = $1", id!);
        await AnswersAsync(bot, HttpStatusCode.OK);
    }

    /// <summary>The answer is remembered for a second.</summary>
    private static Task AnswersAsync(HttpClient bot, HttpStatusCode status) =>
        Until.TrueAsync(async () => (await bot.GetAsync("/health/ready")).StatusCode == status, $"the bot answers {status}");

    private static async Task<HttpClient> ReadyAsync(BotHost host)
    {
        var bot = host.CreateClient();
        await bot.ReadyAsync();
        return bot;
    }

    private static async Task<(string? Health, string? Problem)> StatusAsync(HttpClient bot, string check)
    {
        var status = JsonElement.Parse(await bot.GetStringAsync("/status")).GetProperty("checks").GetProperty(check);
        return (status.GetProperty("health").GetString(), status.GetProperty("problem").GetString());
    }
}
