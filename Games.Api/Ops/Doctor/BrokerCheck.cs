using System.Runtime.CompilerServices;
using Games.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Api.Ops.Doctor;

/// <summary>
/// RabbitMQ answers, and has what the services declare: asked by passive declares, which change nothing. AMQP cannot be asked for a binding;
/// one that is missing shows as messages that were returned (<see cref="OutboxCheck"/>).
/// </summary>
internal sealed class BrokerCheck(Uri broker) : ICheck
{
    private const string StartBot = "start the bot (Games.Bot): it declares and binds what it consumes";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Each queue has an exchange of its name, which the exchanges of its events are bound to.</summary>
    private static readonly string[] ConsumedQueues = ["announce-game", "ingest-message"];

    private static readonly string[] ExpectedExchanges = [Exchanges.GameCreated, Exchanges.DiscordMessageReceived, Exchanges.MessageStored, .. ConsumedQueues];

    public string Subject => "broker";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var (connection, failure) = await ConnectAsync(ct);
        if (connection is null)
        {
            yield return Finding.Wrong(Subject, $"does not answer: {failure}", "start RabbitMQ, or mend ConnectionStrings:RabbitMq; games are taken meanwhile and their events wait");
            yield return new("exchanges, queues", FindingState.Unknown, "not looked at, because the broker does not answer");
            yield break;
        }

        await using (connection)
        {
            yield return Finding.Ok(Subject, $"{connection.Endpoint} answers");

            var missing = new List<string>();
            foreach (var exchange in ExpectedExchanges)
            {
                if (await ThereAsync(connection, channel => channel.ExchangeDeclarePassiveAsync(exchange, ct)) is { } problem)
                    missing.Add($"{exchange} ({problem})");
            }

            yield return missing is []
                ? Finding.Ok("exchanges", $"all {ExpectedExchanges.Length} are there")
                : Finding.Wrong("exchanges", $"missing: {string.Join(", ", missing)}", StartBot);

            foreach (var queue in ConsumedQueues)
            {
                yield return await ConsumedAsync(connection, queue, ct);
                if (await LeftAsync(connection, queue, "error", ct) is { } failed)
                    yield return failed;
                if (await LeftAsync(connection, queue, "skipped", ct) is { } skipped)
                    yield return skipped;
            }
        }
    }

    private async Task<(IConnection? Connection, string? Failure)> ConnectAsync(CancellationToken ct)
    {
        try
        {
            var factory = new ConnectionFactory
            {
                Uri = broker,
                RequestedConnectionTimeout = Patience,
                ContinuationTimeout = Patience,
                AutomaticRecoveryEnabled = false,
                ClientProvidedName = "games doctor",
            };
            return (await factory.CreateConnectionAsync(ct), null);
        }
        catch (Exception e) when (e is BrokerUnreachableException or IOException or TimeoutException or OperationInterruptedException)
        {
            return (null, e.GetBaseException().Message);
        }
    }

    private static async Task<Finding> ConsumedAsync(IConnection connection, string queue, CancellationToken ct)
    {
        QueueDeclareOk? found = null;
        if (await ThereAsync(connection, async channel => found = await channel.QueueDeclarePassiveAsync(queue, ct)) is { } problem)
            return Finding.Wrong($"queue {queue}", $"missing ({problem})", StartBot);

        return found!.ConsumerCount == 0
            ? Finding.Wrong($"queue {queue}", $"nobody consumes it, {found.MessageCount} messages wait", StartBot)
            : Finding.Ok($"queue {queue}", $"{found.MessageCount} messages wait, {found.ConsumerCount} consumers");
    }

    /// <summary>What a consumer has given up lies in a queue that is there only if that ever happened.</summary>
    private static async Task<Finding?> LeftAsync(IConnection connection, string queue, string why, CancellationToken ct)
    {
        QueueDeclareOk? found = null;
        _ = await ThereAsync(connection, async channel => found = await channel.QueueDeclarePassiveAsync($"{queue}_{why}", ct));

        return found is { MessageCount: > 0 }
            ? Finding.Wrong($"queue {queue}_{why}", $"{found.MessageCount} messages were given up", "read the header MT-Fault-Message of each, then move them back to the queue, or purge them")
            : null;
    }

    /// <summary>Null if it is there. A refusal closes its channel, so each question has one of its own.</summary>
    private static async Task<string?> ThereAsync(IConnection connection, Func<IChannel, Task> declare)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await declare(channel);
            return null;
        }
        catch (OperationInterruptedException e)
        {
            return e.ShutdownReason?.ReplyText ?? e.Message;
        }
    }
}
