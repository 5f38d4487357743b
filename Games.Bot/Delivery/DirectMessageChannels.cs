using Games.DiscordClient;
using Games.DiscordClient.Rest;

namespace Games.Bot.Delivery;

/// <summary>
/// Opens the channel of a user's direct messages, one at a time. Discord quarantines a bot that opens many: once it says that they are too many,
/// none is opened for <see cref="Pause"/>, whoever it is for.
/// </summary>
internal sealed class DirectMessageChannels(DiscordRestClient discord, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _turn = new(1);
    private long? _refused;

    /// <summary>The channel's id.</summary>
    /// <exception cref="DiscordRateLimitException">They are too many for now.</exception>
    public async Task<string> OpenAsync(string userId, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_refused is { } refused && Pause - time.GetElapsedTime(refused) is var left && left > TimeSpan.Zero)
                throw TooMany(left);

            return (await discord.OpenDirectMessagesAsync(userId, ct)).Id;
        }
        catch (DiscordApiException refusal) when (refusal.Code == DiscordErrorCode.OpeningDirectMessagesTooFast)
        {
            _refused = time.GetTimestamp();
            throw TooMany(Pause);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static DiscordRateLimitException TooMany(TimeSpan wait) => new(wait, DiscordErrorCode.OpeningDirectMessagesTooFast);
}
