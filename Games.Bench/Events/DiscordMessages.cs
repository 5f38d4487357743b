using System.Text.Json;
using RabbitMQ.Client;

namespace Games.Bench.Events;

/// <summary>Publishes messages of Discord as the bot's outbox would, without a bot that has to store them first.</summary>
internal sealed class DiscordMessages(string rabbitMq)
{
    private const string Exchange = "discord.message.received";
    private const int PublishedAtOnce = 100;

    /// <param name="firstId">The snowflake of the first; each further one is the next number.</param>
    /// <param name="count">How many, each confirmed by the broker.</param>
    public async Task PublishAsync(long firstId, int count, CancellationToken ct)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(ct);
        var confirms = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirms, ct);
        foreach (var chunk in Enumerable.Range(0, count).Chunk(PublishedAtOnce))
            await Task.WhenAll(chunk.Select(number => PublishAsync(channel, firstId + number, ct)));
    }

    private static async Task PublishAsync(IChannel channel, long id, CancellationToken ct)
    {
        var messageId = Guid.NewGuid();
        var properties = new BasicProperties
        {
            MessageId = messageId.ToString(),
            ContentType = "application/vnd.masstransit+json",
            DeliveryMode = DeliveryModes.Persistent,
        };
        await channel.BasicPublishAsync(Exchange, routingKey: "", mandatory: true, properties, Envelope(messageId, $"{id}"), ct);
    }

    private static byte[] Envelope(Guid messageId, string id) => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            messageId,
            messageType = new[] { "urn:message:Games.Contracts:DiscordMessageReceived" },
            message = new
            {
                messageId = id,
                channelId = "200000000000000001",
                guildId = "100000000000000001",
                authorId = "400000000000000001",
                authorName = "Anna",
                content = $"Who brings snacks on Friday? ({id})",
                sentAt = DateTimeOffset.UtcNow,
                attachments = new[] { new { url = $"https://example.org/{id}.png" } },
                embeds = Array.Empty<object>(),
                isForwarded = false,
            },
            sentTime = DateTimeOffset.UtcNow.UtcDateTime,
            headers = new { },
        });
}
