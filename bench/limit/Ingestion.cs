using System.Text.Json;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

/// <summary>Messages of Discord, as IngestMessageConsumer takes them: each a row, and a message that says so.</summary>
internal static class Ingestion
{
    // It goes with its consumer: what is published later is not kept for nobody.
    private const string Queue = "limit-ingest";

    public static async Task StartAsync(NpgsqlDataSource pg, IConnection conn, Action wake)
    {
        var ch = await conn.CreateChannelAsync(new CreateChannelOptions(false, false, consumerDispatchConcurrency: 16));
        await ch.ExchangeDeclareAsync("discord.message.received", "fanout", true);
        await ch.QueueDeclareAsync(Queue, true, false, autoDelete: true);
        await ch.QueueBindAsync(Queue, "discord.message.received", "");
        await ch.BasicQosAsync(0, 64, false);
        var consumer = new AsyncEventingBasicConsumer(ch);
        consumer.ReceivedAsync += async (_, d) =>
        {
            using var envelope = JsonDocument.Parse(d.Body);
            await StoreAsync(pg, Guid.Parse(d.BasicProperties.MessageId!), envelope.RootElement.GetProperty("message"));
            wake();
            await ch.BasicAckAsync(d.DeliveryTag, false);
        };
        await ch.BasicConsumeAsync(Queue, false, consumer);
    }

    private static async Task StoreAsync(NpgsqlDataSource pg, Guid delivery, JsonElement m)
    {
        var now = DateTimeOffset.UtcNow;
        var (id, channel, guild) = (Text("messageId"), Text("channelId"), Text("guildId"));
        var told = Guid.CreateVersion7();
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new { messageId = told, message = new { messageId = id, channelId = channel, guildId = guild, change = "created", storedAt = now } });
        await using var c = await pg.OpenConnectionAsync();
        await using var b = new NpgsqlBatch(c)
        {
            BatchCommands =
            {
                new("insert into inbox values($1,now())") { Parameters = { new() { Value = delivery } } },
                new("insert into discord_messages values($1,$2,$3,$4,$5,$6,$7,$8::jsonb,$9::jsonb,$10::jsonb,$11)")
                {
                    Parameters =
                    {
                        new() { Value = id }, new() { Value = channel }, new() { Value = guild }, new() { Value = Text("authorId") },
                        new() { Value = Text("authorName") }, new() { Value = Text("content") },
                        new() { Value = m.GetProperty("sentAt").GetDateTimeOffset().ToUniversalTime() },
                        new() { Value = m.GetProperty("attachments").GetRawText() }, new() { Value = m.GetProperty("embeds").GetRawText() },
                        new() { Value = m.GetRawText() }, new() { Value = now },
                    },
                },
                new("insert into outbox(message_id,body) values($1,$2)") { Parameters = { new() { Value = told }, new() { Value = body } } },
            },
        };
        await b.ExecuteNonQueryAsync();

        string Text(string name) => m.GetProperty(name).GetString()!;
    }
}
