extern alias Bot;

using System.Net;
using System.Text;
using System.Text.Json;
using Bot::Games.Bot;
using Bot::Games.Bot.Ingestion;
using Games.Contracts;
using Games.Data;
using Games.Outbox.Inspection;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Outbox;

/// <summary>The whole way: handler, outbox, RabbitMQ, consumer, row, and what the bot says of it. Here, because it pauses our relay.</summary>
public sealed class IngestionOnTheBrokerTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private static readonly TimeSpan StalledAfter = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_message_goes_its_way_and_the_status_tells_of_it()
    {
        await using var host = Host();
        using var bot = await ReadyAsync(host);
        var message = NewMessage.With("written just now") with { SentAt = DateTimeOffset.UtcNow };

        Assert.True(await host.Services.GetRequiredService<MessageHandler>().HandleAsync(message, default));
        Assert.False(await host.Services.GetRequiredService<MessageHandler>().HandleAsync(NewMessage.With(isFromBot: true), default));

        await StoredAsync(message.Id);
        await Until.TrueAsync(async () =>
            (await StatusAsync(bot)).GetProperty("stored").GetProperty("created").GetInt64() == 1, "the status counts it");
        var status = await StatusAsync(bot);
        Assert.Equal(
            ("Healthy", 2, 1, 1, 0, 0, 0),
            (status.GetProperty("health").GetString(), Number("received"), status.GetProperty("skipped").GetProperty("bot").GetInt64(),
                Number("published"),
                Number("duplicates"), Number("invalid"), Number("errors")));
        var delays = status.GetProperty("delayLastHour");
        Assert.Equal(1, delays.GetProperty("count").GetInt64());
        Assert.InRange(delays.GetProperty("max").GetDouble(), 0.0001, 30);
        Assert.True(status.GetProperty("lastActivity").GetDateTimeOffset() >= message.SentAt);

        // Nobody consumes message.stored yet: it leaves the outbox all the same.
        await Until.TrueAsync(async () => await CountAsync("""SELECT count(*) FROM "OutboxMessage" """) == 0, "the outbox is empty");

        long Number(string name) => status.GetProperty(name).GetInt64();
    }

    [Fact]
    public async Task What_no_serializer_and_no_column_takes_lies_in_the_error_queue_and_what_is_behind_it_is_stored()
    {
        await using var host = Host();
        using var bot = await ReadyAsync(host);
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var big = $"it's {new string('ü', 512 * 1024)} 🎲";
        string[] bad =
        [
            Json(NewMessage.NextId(), "lone \\ud800 surrogate"),
            Json(NewMessage.NextId(), "a \\u0000 NUL"),
            Json(NewMessage.NextId(), "in a field that nobody knows", ""","later": "\udc00" """),
            Json(NewMessage.NextId(), "in an embed", ""","embeds": [{"title": "\ud800"}]"""),
            Json(NewMessage.NextId(), "a wrong type", ""","embeds": "none" """),
            Json("", "no id"),
            """{"hello": "world"}""",
            "[1]",
        ];
        var good = NewMessage.NextId();

        foreach (var message in bad)
            await PublishAsync(message);
        await PublishAsync(Json(good, big, ""","later": {"known": true}"""));

        await StoredAsync(good);
        await Until.TrueAsync(async () => await ErrorsAsync() == bad.Length, "the others are in the error queue");
        await Until.TrueAsync(() => host.Services.GetRequiredService<IngestionMetrics>().Total("invalid") == bad.Length, "they are counted");
        Assert.Equal(0, host.Services.GetRequiredService<IngestionMetrics>().Total("errors"));
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(
            $"SELECT content, raw #>> '{{later,known}}' FROM discord_messages WHERE message_id = '{good}'");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        Assert.Equal((big, "true"), (reader.GetString(0), reader.GetString(1)));

        async Task<uint> ErrorsAsync()
        {
            await using var looking = await connection.CreateChannelAsync();
            try
            {
                return await looking.MessageCountAsync("ingest-message_error");
            }
            catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
            {
                return 0;
            }
        }

        ValueTask PublishAsync(string message) => channel.BasicPublishAsync(
            Exchanges.DiscordMessageReceived, routingKey: "", mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
            Encoding.UTF8.GetBytes(
                $$"""
                {"messageId": "{{Guid.NewGuid()}}", "messageType": ["urn:message:Games.Contracts:DiscordMessageReceived"], "message": {{message}}}
                """));
    }

    [Fact]
    public async Task The_bot_is_red_while_messages_are_taken_and_none_is_stored()
    {
        await using var host = Host();
        using var bot = await ReadyAsync(host);
        var outbox = host.Services.GetRequiredService<OutboxControl<GamesDbContext>>();
        var handler = host.Services.GetRequiredService<MessageHandler>();

        await PauseAsync(host);
        await handler.HandleAsync(NewMessage.With(), default);
        await Until.TrueAsync(async () => (await bot.GetAsync("/health/ready")).StatusCode is HttpStatusCode.ServiceUnavailable, "the bot is red");
        Assert.Contains("nothing has been stored", (await StatusAsync(bot)).GetProperty("problem").GetString());

        await outbox.ResumeAsync();
        await bot.ReadyAsync();
        await Until.TrueAsync(() => host.Services.GetRequiredService<IngestionMetrics>().Total("stored.created") == 1, "the message is counted");
    }

    [Fact]
    public async Task The_bot_is_green_when_another_replica_has_stored_what_came_in_here()
    {
        await using var host = Host();
        using var bot = await ReadyAsync(host);
        var outbox = host.Services.GetRequiredService<OutboxControl<GamesDbContext>>();
        var message = NewMessage.With();

        await PauseAsync(host);
        try
        {
            await host.Services.GetRequiredService<MessageHandler>().HandleAsync(message, default);
            await Until.TrueAsync(async () =>
                (await bot.GetAsync("/health/ready")).StatusCode is HttpStatusCode.ServiceUnavailable, "the bot is red");
            await using var source = NpgsqlDataSource.Create(database.ConnectionString);
            await using var command = source.CreateCommand($$"""
                INSERT INTO discord_messages (message_id, channel_id, author_id, content, sent_at, raw)
                    VALUES ('{{message.Id}}', '{{message.ChannelId}}', '{{message.AuthorId}}', '', now(), '{}')
                """);
            await command.ExecuteNonQueryAsync();

            await bot.ReadyAsync();
        }
        finally
        {
            await outbox.ResumeAsync();
        }

        // Not to be left to the next test's bot.
        await Until.TrueAsync(() => host.Services.GetRequiredService<IngestionMetrics>().Total("duplicates") == 1, "the message came, too");
    }

    private BotHost Host() => new(database.ConnectionString, broker.ConnectionString, services => services
        .AddSingleton(new DiscordOptions { Channels = [NewMessage.ChannelId] })
        .AddSingleton(new IngestionOptions { StalledAfter = StalledAfter }));

    /// <summary>Returns when the relay knows it: until then it publishes what is handed over to it.</summary>
    private static async Task PauseAsync(BotHost host)
    {
        await host.Services.GetRequiredService<OutboxControl<GamesDbContext>>().PauseAsync("test");
        await Until.TrueAsync(() => host.Log.Lines.Any(line => line.Contains("relaying is paused")), "the relay has paused");
    }

    private static async Task<HttpClient> ReadyAsync(BotHost host)
    {
        var bot = host.CreateClient();
        await bot.ReadyAsync();
        return bot;
    }

    private static async Task<JsonElement> StatusAsync(HttpClient bot) =>
        JsonElement.Parse(await bot.GetStringAsync("/status")).GetProperty("ingestion");

    private static string Json(string id, string content, string more = "") => $$"""
        {"messageId": "{{id}}", "channelId": "{{NewMessage.ChannelId}}", "guildId": null, "authorId": "{{NewMessage.AuthorId}}", "authorName": "anna",
         "content": "{{content}}", "sentAt": "2025-03-01T12:00:00Z" {{more}}}
        """;

    private Task StoredAsync(string id) => Until.TrueAsync(
        async () => await CountAsync($"SELECT count(*) FROM discord_messages WHERE message_id = '{id}'") == 1, $"message {id} is stored");

    private async Task<long> CountAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
