using Games.DiscordClient;
using Games.DiscordClient.Rest;

namespace Games.Bot.Delivery;

/// <summary>Tells one user one thing.</summary>
internal sealed partial class DirectMessageDelivery(
    DeliveryStore store, DirectMessageChannels channels, DiscordRestClient discord, SentMessages sent, ILogger<DirectMessageDelivery> logger)
{
    /// <summary>Later it is no news any more: a bot that was without Discord for a week does not begin with the reminders of that week.</summary>
    public static readonly TimeSpan IsNews = TimeSpan.FromHours(6);

    /// <inheritdoc cref="AnnouncementDelivery.DeliverAsync"/>
    public async Task DeliverAsync(HeldLease lease, DueDirectMessage due, CancellationToken ct)
    {
        using var span = BotTracing.Start(due);
        try
        {
            if (due.Age > IsNews)
                await store.GiveUpAsync(lease, due, $"It could not be sent within {IsNews.TotalHours:F0} hours.", ct);
            else
                await SendAsync(lease, due, ct);
        }
        catch (DiscordApiException gone) when (gone.Code == DiscordErrorCode.UnknownChannel && due.ChannelId is not null)
        {
            await store.ForgetChannelAsync(due.UserId, ct);
        }
        catch (DiscordException failure)
        {
            if (DeliveryFailures.Retry(failure, due.Attempts) is { } retry)
            {
                await store.PostponeAsync(lease, due, retry.Wait, retry.IsFailure, ct);
            }
            else
            {
                LogGivenUp(due.Id, due.UserId, failure.Message);
                await store.GiveUpAsync(lease, due, failure.Message, ct);
            }
        }
    }

    private async Task SendAsync(HeldLease lease, DueDirectMessage due, CancellationToken ct)
    {
        if (due.ChannelId is not { } channelId)
        {
            channelId = await channels.OpenAsync(due.UserId, ct);
            await store.RememberChannelAsync(due.UserId, channelId, ct);
        }

        var isSearched = due.PostAge > SentMessages.NonceIsKept;
        if (!isSearched || await sent.FindAsync(channelId, due.PostAge!.Value, message => message.Content == due.Text, ct) is null)
        {
            await discord.CreateMessageAsync(
                channelId,
                async token =>
                {
                    await store.BeginDirectMessageAsync(lease, due.Id, isAnew: isSearched, token);
                    return new() { Content = due.Text, Nonce = Nonce.Of('d', due.Id), EnforceNonce = true };
                },
                waits: null, ct);
        }

        await store.SentAsync(lease, due.Id, ct);
    }

    [LoggerMessage(LogLevel.Information, "Direct message {Id} cannot be sent to user {UserId}: {Reason}")]
    private partial void LogGivenUp(Guid id, string userId, string reason);
}
