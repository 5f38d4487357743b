using Games.Data;
using Games.DiscordClient.Rest;

namespace Games.Bot.Delivery;

/// <summary>Looks for a message whose sending had no answer.</summary>
internal sealed class SentMessages(DiscordRestClient discord, TimeProvider clock)
{
    /// <summary>For so long Discord surely knows a nonce again.</summary>
    public static readonly TimeSpan NonceIsKept = TimeSpan.FromMinutes(1.5);

    private const int PageLength = 100;
    private const int MaxPages = 20;

    // Clocks differ.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(2);

    /// <summary>The message among those of a channel that are not older than its first sending.</summary>
    /// <param name="channelId">Where.</param>
    /// <param name="age">Of its first sending.</param>
    /// <param name="isIt">Which it is.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Message?> FindAsync(string channelId, TimeSpan age, Func<Message, bool> isIt, CancellationToken ct)
    {
        var oldest = clock.GetUtcNow() - age - Margin;
        string? before = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var messages = await discord.ListMessagesAsync(channelId, before, PageLength, ct);
            if (messages.FirstOrDefault(message => message.Author?.Bot is not false && isIt(message)) is { } found)
                return found;
            if (messages.Count < PageLength || Snowflake.TimeOf(messages[^1].Id) < oldest)
                return null;

            before = messages[^1].Id;
        }

        return null;
    }
}
