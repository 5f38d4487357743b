using Games.Bot.Announcing;
using Games.Data;
using Games.DiscordClient;
using Games.DiscordClient.Rest;

namespace Games.Bot.Delivery;

/// <summary>Brings one announcement to Discord, as its game is at the moment when Discord takes it.</summary>
internal sealed partial class AnnouncementDelivery(
    DeliveryStore store, DiscordRestClient discord, SentMessages sent, ChannelGuilds channels, DiscordOptions options,
    ILogger<AnnouncementDelivery> logger)
{
    /// <summary>Changes that come while a message rests are one edit: Discord takes five in 5 s, and no reader more.</summary>
    public static readonly TimeSpan RestAfterEdit = TimeSpan.FromSeconds(3);

    /// <summary>Whoever deletes a message twice does not want it.</summary>
    private const int MaxReposts = 1;

    private readonly Uri? _publicBase = options.PublicBaseAddress is { Length: > 0 } address ? DiscordOptions.AddressOf(address) : null;

    /// <exception cref="LeaseLostException">Another serves the channel now.</exception>
    /// <exception cref="TokenRefusedException">Discord refuses the bot.</exception>
    public async Task DeliverAsync(HeldLease lease, DueAnnouncement due, CancellationToken ct)
    {
        using var span = BotTracing.Start(due);
        try
        {
            if (due.MessageId is { } messageId)
                await EditAsync(lease, due, messageId, ct);
            else
                await PostAsync(lease, due, ct);
        }
        catch (DiscordApiException failure) when (failure.Code == DiscordErrorCode.UnknownMessage)
        {
            await MeetDeletionAsync(lease, due, ct);
        }
        catch (DiscordException failure)
        {
            if (DeliveryFailures.Retry(failure, due.Attempts) is { } retry)
            {
                LogPostponed(due.GameId, due.ChannelId, retry.Wait.TotalSeconds, failure.Message);
                await store.PostponeAsync(lease, due, retry.Wait, retry.IsFailure, ct);
            }
            else
            {
                LogGivenUp(due.GameId, due.ChannelId, failure.Message);
                await store.GiveUpAsync(lease, due, failure.Message, ct);
            }
        }
    }

    private async Task EditAsync(HeldLease lease, DueAnnouncement due, string messageId, CancellationToken ct)
    {
        var version = 0;
        await discord.EditMessageAsync(
            due.ChannelId, messageId,
            async token =>
            {
                if (await store.FindGameAsync(due.GameId, token) is not { } found)
                    return null;
                version = found.Game.Version;
                return AnnouncementMessage.Of(found.Game, found.People, CalendarOf(due));
            },
            waits: null, ct);
        if (version == 0)
        {
            await store.NothingToPostAsync(lease, due.GameId, ct);
            return;
        }

        await store.EditedAsync(lease, due.GameId, version, RestAfterEdit, ct);
        LogEdited(due.GameId, version, messageId);
    }

    private async Task PostAsync(HeldLease lease, DueAnnouncement due, CancellationToken ct)
    {
        if (!await channels.IsOfAsync(due.ChannelId, due.GuildId, ct))
        {
            var reason = $"Its channel is none of its server {due.GuildId}.";
            LogGivenUp(due.GameId, due.ChannelId, reason);
            await store.GiveUpAsync(lease, due, reason, ct);
            return;
        }

        // Discord returns the first of two with the same nonce, but for some minutes only.
        var isSearched = due.PostAge > SentMessages.NonceIsKept;
        if (isSearched
            && await sent.FindAsync(due.ChannelId, due.PostAge!.Value, x => AnnouncementMessage.IsOf(x, due.GameId), ct) is { } lost)
        {
            LogFound(due.GameId, lost.Id);
            await store.PostedAsync(lease, due.GameId, lost.Id, version: 0, ct);
            return;
        }

        var version = 0;
        var isFirst = due.PostAge is null || isSearched;
        var message = await discord.CreateMessageAsync(
            due.ChannelId,
            async token =>
            {
                if (await store.FindGameAsync(due.GameId, token) is not { } found || isFirst && !found.Game.IsOpen)
                    return null;
                version = found.Game.Version;
                await store.BeginPostAsync(lease, due.GameId, isAnew: isSearched, token);
                return AnnouncementMessage.Of(found.Game, found.People, CalendarOf(due)) with
                {
                    Nonce = Nonce.Of('g', due.GameId, due.Reposts),
                    EnforceNonce = true,
                };
            },
            waits: null, ct);

        if (message is null)
        {
            await store.NothingToPostAsync(lease, due.GameId, ct);
            return;
        }

        // What came back may be the first one, which says what was true then: an edit follows.
        await store.PostedAsync(lease, due.GameId, message.Id, isFirst ? version : 0, ct);
        LogPosted(due.GameId, due.ChannelId, message.Id);
    }

    private Uri? CalendarOf(DueAnnouncement due) =>
        _publicBase is null ? null : new(_publicBase, $"games/{due.GameId}/calendar.ics?secret={due.CalendarSecret}");

    private async Task MeetDeletionAsync(HeldLease lease, DueAnnouncement due, CancellationToken ct)
    {
        if (due.Reposts < MaxReposts && await store.FindGameAsync(due.GameId, ct) is { Game.IsOpen: true })
        {
            LogDeleted(due.GameId, due.ChannelId);
            await store.PostAnewAsync(lease, due.GameId, ct);
        }
        else
        {
            await store.GiveUpAsync(lease, due, "Its message was deleted in Discord.", ct);
        }
    }

    [LoggerMessage(LogLevel.Information, "Posted game {GameId} in channel {ChannelId} as message {MessageId}")]
    private partial void LogPosted(Guid gameId, string channelId, string messageId);

    [LoggerMessage(LogLevel.Debug, "Game {GameId} at version {Version} is in message {MessageId}")]
    private partial void LogEdited(Guid gameId, int version, string messageId);

    [LoggerMessage(LogLevel.Information, "Game {GameId} had been posted already as message {MessageId}")]
    private partial void LogFound(Guid gameId, string messageId);

    [LoggerMessage(LogLevel.Information, "The message of game {GameId} was deleted in channel {ChannelId}: posting it anew")]
    private partial void LogDeleted(Guid gameId, string channelId);

    [LoggerMessage(LogLevel.Information, "Game {GameId} is not in channel {ChannelId} yet, next try in {Pause:F1} s: {Reason}")]
    private partial void LogPostponed(Guid gameId, string channelId, double pause, string reason);

    [LoggerMessage(LogLevel.Warning, "Game {GameId} cannot be announced in channel {ChannelId}: {Reason}")]
    private partial void LogGivenUp(Guid gameId, string channelId, string reason);
}
