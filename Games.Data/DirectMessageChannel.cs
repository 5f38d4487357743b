namespace Games.Data;

/// <summary>Where a user reads what the bot tells him: Discord gives one channel for ever, and dislikes a bot that asks for many.</summary>
public sealed class DirectMessageChannel
{
    private DirectMessageChannel()
    {
    }

    public string UserId { get; private set; } = null!;
    public string ChannelId { get; private set; } = null!;
}
