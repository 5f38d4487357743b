using System.Text.Json;
using Games.Bot.Ingestion;
using Games.Bot.Interactions;
using Games.Data;
using Games.DiscordClient.Gateway;
using Games.Outbox.Outages;

namespace Games.Bot.Gateway;

/// <summary>Where each of Discord's events goes: what was written to the ingestion, what was clicked to those who answer.</summary>
internal sealed partial class DiscordEvents(
    MessageHandler messages, InteractionHandler interactions, GatewayStatus status, DatabaseOutage outage, TimeProvider time,
    ILogger<DiscordEvents> logger)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the event is durable or answered, or when it never will be.</summary>
    public async Task HandleAsync(GatewayEvent received, CancellationToken ct)
    {
        switch (received.Type)
        {
            case "READY" or "RESUMED":
                status.Refusal = null;
                break;
            case "INTERACTION_CREATE":
                await interactions.HandleAsync(received.Data, ct);
                break;
            case "MESSAGE_CREATE" or "MESSAGE_UPDATE":
                if (IncomingMessages.Read(received.Data) is { } message)
                    await StoreAsync(() => messages.HandleAsync(message, ct), ct);
                break;
            case "MESSAGE_DELETE":
                await DeleteAsync(received.Data.GetProperty("id"), received.Data, ct);
                break;
            case "MESSAGE_DELETE_BULK":
                foreach (var id in received.Data.GetProperty("ids").EnumerateArray())
                    await DeleteAsync(id, received.Data, ct);
                break;
        }
    }

    private Task DeleteAsync(JsonElement id, JsonElement data, CancellationToken ct)
    {
        var (messageId, channelId) = (id.GetString()!, data.GetProperty("channel_id").GetString()!);
        return StoreAsync(() => messages.HandleDeletionAsync(messageId, channelId, data.TextOrNull("guild_id"), ct), ct);
    }

    // The database may be away for longer than Discord keeps what was missed: so it is kept here, and no more is taken meanwhile.
    private async Task StoreAsync(Func<Task<bool>> store, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await store();
                return;
            }
            catch (InvalidDiscordMessageException)
            {
                return;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                if (!outage.Met(failure))
                    LogAgain(failure.InWords());
                await Task.Delay(RetryPause, time, ct);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "What was written in Discord is not stored yet, and tried again: {Reason}")]
    private partial void LogAgain(string reason);
}
