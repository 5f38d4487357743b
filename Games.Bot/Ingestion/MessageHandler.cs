using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Games.Outbox.Outages;
using MassTransit;

namespace Games.Bot.Ingestion;

/// <summary>
/// The way in: what a gateway client calls for each message that Discord tells of. When a call has returned, the message is durable in the
/// outbox, or one rule has skipped it. When a call throws, nothing was kept and it may be made again: a repeat has no effect. Calls may
/// overlap.
/// </summary>
internal sealed partial class MessageHandler
{
    private const int ManyEmpties = 10;

    private static readonly JsonElement NothingRaw = JsonElement.Parse("{}");

    private readonly IServiceScopeFactory _scopes;
    private readonly string? _ownId;
    private readonly FrozenSet<string> _channels;
    private readonly IngestionMetrics _metrics;
    private readonly DatabaseOutage _outage;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private int _empties;

    public MessageHandler(
        IServiceScopeFactory scopes, DiscordOptions discord, IngestionMetrics metrics, DatabaseOutage outage, TimeProvider clock,
        ILogger<MessageHandler> logger)
    {
        (_scopes, _metrics, _outage, _clock, _logger) = (scopes, metrics, outage, clock, logger);
        _ownId = discord.UserId;
        _channels = discord.Channels.ToFrozenSet();
        if (_channels.Count == 0)
            LogNoChannels(DiscordOptions.Section);
    }

    /// <summary>A message was written or edited. Whether it is on its way; false if a rule has skipped it.</summary>
    /// <exception cref="InvalidDiscordMessageException">It cannot be stored: calling again will not help.</exception>
    public async Task<bool> HandleAsync(IncomingMessage message, CancellationToken ct)
    {
        _metrics.Received();
        var rule = RuleAgainst(message);
        Watch(rule);
        if (rule is not null)
            return Skip(message.Id, message.ChannelId, rule);

        await PublishAsync(
            new(message.Id, message.ChannelId, message.GuildId, message.AuthorId, message.AuthorName, message.Content, message.SentAt,
                message.Attachments, message.Embeds, message.IsForwarded, message.EditedAt, Stickers: message.Stickers, Poll: message.Poll),
            ct);
        return true;
    }

    /// <summary>A message was deleted. Discord does not say whose it was, so only the channel decides whether it is skipped.</summary>
    /// <inheritdoc cref="HandleAsync"/>
    public async Task<bool> HandleDeletionAsync(string messageId, string channelId, string? guildId, CancellationToken ct)
    {
        _metrics.Received();
        if (!_channels.Contains(channelId))
            return Skip(messageId, channelId, SkipRule.Channel);

        var now = _clock.GetUtcNow();
        await PublishAsync(new(messageId, channelId, guildId, null, null, null, Snowflake.TimeOf(messageId) ?? now, DeletedAt: now), ct);
        return true;
    }

    /// <summary>
    /// One id for one version of a message, whoever hears of it and however often: a repeat is known by it. A deletion is one version,
    /// whenever it is heard of.
    /// </summary>
    internal static Guid MessageIdOf(DiscordMessageReceived message)
    {
        var version = message.DeletedAt is not null ? "deleted"
            : message.EditedAt is { } edited ? $"edited {edited.UtcTicks / TimeSpan.TicksPerMicrosecond}"
            : "sent";
        if (message is { DeletedAt: null, Embeds.Length: > 0 and var embeds })
            version = $"{version} {embeds} embeds";
        var id = SHA256.HashData(Encoding.UTF8.GetBytes($"{Exchanges.DiscordMessageReceived} {message.MessageId} {version}")).AsSpan(0, 16);
        // A version 8 UUID: the bits are ours to choose.
        id[6] = (byte)(id[6] & 0x0F | 0x80);
        id[8] = (byte)(id[8] & 0x3F | 0x80);

        return new(id, bigEndian: true);
    }

    private string? RuleAgainst(IncomingMessage message) => message switch
    {
        _ when message.AuthorId == _ownId => SkipRule.Own,
        { IsFromBot: true } => SkipRule.Bot,
        _ when !_channels.Contains(message.ChannelId) => SkipRule.Channel,
        { Content: null or "", Attachments: null or [], Embeds: null or [], Stickers: null or [], Poll: null, IsForwarded: false } => SkipRule.Empty,
        _ => null,
    };

    /// <summary>Without the intent Discord leaves out of every message what was written; one that is empty by itself is rare.</summary>
    private void Watch(string? rule)
    {
        if (rule is null)
            Interlocked.Exchange(ref _empties, 0);
        else if (rule == SkipRule.Empty && Interlocked.Increment(ref _empties) == ManyEmpties)
            LogManyEmpties(ManyEmpties);
    }

    private bool Skip(string messageId, string channelId, string rule)
    {
        _metrics.Skipped(rule);
        LogSkipped(messageId, channelId, rule, SkipRule.Explain(rule));
        return false;
    }

    private async Task PublishAsync(DiscordMessageReceived message, CancellationToken ct)
    {
        try
        {
            // Here, where somebody can be told, and not only behind the broker.
            _ = message.Validated(NothingRaw, _clock.GetUtcNow());

            await using var scope = _scopes.CreateAsyncScope();
            var publishes = scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();
            await publishes.Publish(message, context => context.MessageId = MessageIdOf(message), ct);
            await scope.ServiceProvider.GetRequiredService<GamesDbContext>().SaveChangesAsync(ct);
        }
        catch (InvalidDiscordMessageException invalid)
        {
            _metrics.Invalid();
            LogInvalid(message.MessageId, invalid.Message);
            throw;
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            _metrics.Failed();
            if (!_outage.Met(failure))
                LogFailed(message.MessageId, failure.InWords());
            throw;
        }

        _metrics.Published(message);
    }

    [LoggerMessage(LogLevel.Debug, "Skipped message {MessageId} in channel {ChannelId} by the rule \"{Rule}\": {Reason}")]
    private partial void LogSkipped(string messageId, string channelId, string rule, string reason);

    [LoggerMessage(LogLevel.Information, "{Section}:Channels names no channel: no message is kept")]
    private partial void LogNoChannels(string section);

    [LoggerMessage(LogLevel.Warning,
        "{Count} messages in a row were empty: the bot lacks the privileged intent MESSAGE_CONTENT; switch it on in Discord's developer portal")]
    private partial void LogManyEmpties(int count);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} was refused: {Reason}")]
    private partial void LogInvalid(string messageId, string reason);

    [LoggerMessage(LogLevel.Error, "Message {MessageId} could not be taken, its caller has to try again: {Reason}")]
    private partial void LogFailed(string messageId, string reason);
}

/// <summary>Why a message is not kept: the names that the log and the counter use.</summary>
internal static class SkipRule
{
    public const string Own = "own";
    public const string Bot = "bot";
    public const string Channel = "channel";
    public const string Empty = "empty";

    public static readonly string[] All = [Own, Bot, Channel, Empty];

    public static string Explain(string rule) => rule switch
    {
        Own => "this bot wrote it",
        Bot => "another bot or a webhook wrote it",
        Channel => $"{DiscordOptions.Section}:Channels does not name its channel",
        _ => "it has no content, attachment, embed, sticker or poll; if all are like that, the bot lacks the message content intent",
    };
}
