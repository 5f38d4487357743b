using System.Collections.Concurrent;
using Games.DiscordClient.Rest;

namespace Games.Bot.Delivery;

/// <summary>
/// Of which server a channel is, as Discord says: who creates a game for one server, and may not for another, names its channel himself. A channel
/// stays where it is, so it is asked for once.
/// </summary>
internal sealed class ChannelGuilds(DiscordRestClient discord)
{
    private readonly ConcurrentDictionary<string, string?> _guilds = new();

    public async Task<bool> IsOfAsync(string channelId, string guildId, CancellationToken ct)
    {
        if (!_guilds.TryGetValue(channelId, out var found))
            found = _guilds[channelId] = (await discord.GetChannelAsync(channelId, ct)).GuildId;
        return found == guildId;
    }
}
