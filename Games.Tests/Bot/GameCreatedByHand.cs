using System.Text;
using Games.Contracts;
using Games.Data;
using RabbitMQ.Client;

namespace Games.Tests.Bot;

/// <summary>The event as any client could publish it: no MassTransit on this side.</summary>
internal static class GameCreatedByHand
{
    public static async Task PublishAsync(this IChannel channel, Game game)
    {
        var message = $$"""
            {
              "messageId": "{{Guid.NewGuid()}}",
              "messageType": ["urn:message:Games.Contracts:GameCreated"],
              "message": {"gameId": "{{game.Id}}", "guildId": "{{game.GuildId}}", "channelId": "{{game.ChannelId}}", "hostId": "{{game.HostId}}",
                          "title": "{{game.Title}}", "scheduledAt": "{{game.ScheduledAt:O}}", "maxPlayers": {{game.MaxPlayers}}}
            }
            """;

        // Mandatory: an exchange without a queue behind it is an error here and not a message gone.
        await channel.BasicPublishAsync(
            Exchanges.GameCreated, routingKey: "", mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
            Encoding.UTF8.GetBytes(message));
    }
}
