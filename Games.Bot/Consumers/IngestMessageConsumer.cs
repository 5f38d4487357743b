using Games.Bot.Ingestion;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>Keeps what was written in Discord, and says so: the row and its event are one transaction.</summary>
internal sealed partial class IngestMessageConsumer(GamesDbContext db, TimeProvider clock, ILogger<IngestMessageConsumer> logger)
    : IConsumer<DiscordMessageReceived>
{
    public async Task Consume(ConsumeContext<DiscordMessageReceived> context)
    {
        var ct = context.CancellationToken;
        var now = clock.GetUtcNow();
        var message = context.Message.Validated(context.Raw(), now);

        var change = await db.StoreAsync(message, ct);
        context.ReceiveContext.GetOrAddPayload(() => new Ingested()).Change = change;
        if (change is StoredChange.None)
        {
            LogKnown(message.MessageId);
            return;
        }

        await context.Publish(new MessageStored(message.MessageId, message.ChannelId, message.GuildId, change.Name(), now), ct);
        await db.SaveChangesAsync(ct);
        LogStored(message.MessageId, message.ChannelId, change);
    }

    [LoggerMessage(LogLevel.Debug, "Stored message {MessageId} of channel {ChannelId}: {Change}")]
    private partial void LogStored(string messageId, string channelId, StoredChange change);

    [LoggerMessage(LogLevel.Debug, "Message {MessageId} is stored already, in this version or a newer one")]
    private partial void LogKnown(string messageId);
}

internal sealed class IngestMessageConsumerDefinition : ConsumerDefinition<IngestMessageConsumer>
{
    public IngestMessageConsumerDefinition()
    {
        EndpointName = Queues.IngestMessage;
        ConcurrentMessageLimit = 16;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<IngestMessageConsumer> consumer, IRegistrationContext context)
    {
        endpoint.DeclareExchange(Exchanges.MessageStored);
        endpoint.PrefetchCount = 64;
        endpoint.UseFilter(new IngestionFilter(context.GetRequiredService<IngestionMetrics>()));
        // It goes to ingest-message_error with the rule that it breaks, and those behind it go on.
        endpoint.UseGamesRetry(context, isHopeless: failure => failure.IsInvalidMessage());
        endpoint.UseEntityFrameworkOutbox<GamesDbContext>(context);
    }
}
