using System.Runtime.CompilerServices;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults;
using MassTransit.Topology;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Ops.Doctor;

/// <summary>
/// RabbitMQ answers, and has what the services declare: asked by passive declares, which change nothing. AMQP cannot be asked for a binding;
/// one that is missing shows as messages that were returned (<see cref="OutboxCheck"/>).
/// </summary>
internal sealed class BrokerCheck(IReadOnlyList<Uri> nodes) : ICheck
{
    private const string StartBot = "start the bot (Games.Bot): it declares and binds what it consumes";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly string[] ExpectedExchanges = [.. Exchanges.All, .. Queues.Consumed];

    public string Subject => "broker";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        IConnection? connection = null;
        foreach (var node in nodes)
        {
            var (answering, failure) = await ConnectAsync(node, ct);
            if (answering is null)
            {
                yield return Finding.Wrong(
                    Subject, $"{node.Authority} does not answer: {failure}",
                    nodes.Count > 1
                        ? "start that node, or mend ConnectionStrings:RabbitMq; the services use the others meanwhile"
                        : "start RabbitMQ (that of ./run: ./games broker start), or mend ConnectionStrings:RabbitMq; "
                            + "games are taken meanwhile and their events wait");
                continue;
            }

            var version = answering.ServerVersion();
            yield return OldestServer.FindRefusalOfBroker(version) is { } refusal
                ? Finding.Wrong(Subject, $"{answering.Endpoint}: {refusal}", "move to a newer broker: what waits in the outbox follows")
                : Finding.Ok(Subject, $"RabbitMQ {version} at {answering.Endpoint} answers");
            if (connection is null)
            {
                connection = answering;
                continue;
            }

            await using (answering)
                await EndAsync(answering, ct);
        }

        await using var first = connection;
        if (first is null)
        {
            yield return new("exchanges, queues", FindingState.Unknown, "not looked at, because the broker does not answer");
            yield break;
        }

        await foreach (var finding in ExamineTopologyAsync(first, ct))
            yield return finding;
        await EndAsync(first, ct);
    }

    // A broker that hangs does not take the farewell either.
    private static Task EndAsync(IConnection connection, CancellationToken ct) =>
        connection.CloseAsync(Constants.ReplySuccess, "Goodbye", Timeout, abort: true, ct);

    /// <summary>What is declared; the last finding is that of a broker which answers no more.</summary>
    private static async IAsyncEnumerable<Finding> ExamineTopologyAsync(IConnection connection, [EnumeratorCancellation] CancellationToken ct)
    {
        List<Func<Task<Finding?>>> questions = [() => ExchangesAsync(connection, ct)];
        foreach (var queue in Queues.Consumed)
        {
            questions.Add(async () => await ConsumedAsync(connection, queue, ct));
            questions.Add(() => GivenUpAsync(connection, DefaultErrorQueueNameFormatter.Instance.FormatErrorQueueName(queue), ct));
            questions.Add(() => GivenUpAsync(connection, DefaultDeadLetterQueueNameFormatter.Instance.FormatDeadLetterQueueName(queue), ct));
        }

        foreach (var question in questions)
        {
            var (finding, isOver) = await AskAsync(question);
            if (finding is not null)
                yield return finding;
            if (isOver)
                yield break;
        }
    }

    private static async Task<(Finding? Finding, bool IsOver)> AskAsync(Func<Task<Finding?>> question)
    {
        try
        {
            return (await question(), false);
        }
        catch (NoAnswerException e)
        {
            return (Finding.Wrong("exchanges, queues", $"the broker takes connections and does not answer: {e.Message}", "restart RabbitMQ"), true);
        }
    }

    private static async Task<Finding?> ExchangesAsync(IConnection connection, CancellationToken ct)
    {
        var missing = new List<string>();
        foreach (var exchange in ExpectedExchanges)
        {
            if (await FindProblemAsync(connection, channel => channel.ExchangeDeclarePassiveAsync(exchange, ct), ct) is { } problem)
                missing.Add($"{exchange} ({problem})");
        }

        return missing is []
            ? Finding.Ok("exchanges", $"all {ExpectedExchanges.Length} are there")
            : Finding.Wrong("exchanges", $"missing: {string.Join(", ", missing)}", StartBot);
    }

    private static async Task<(IConnection? Connection, string? Failure)> ConnectAsync(Uri node, CancellationToken ct)
    {
        try
        {
            var factory = new ConnectionFactory
            {
                Uri = node,
                RequestedConnectionTimeout = Timeout,
                ContinuationTimeout = Timeout,
                AutomaticRecoveryEnabled = false,
                ClientProvidedName = "games doctor",
            };
            return (await factory.CreateConnectionAsync(ct), null);
        }
        catch (Exception e) when (IsNoAnswer(e, ct))
        {
            return (null, e.GetBaseException().Message);
        }
    }

    private static async Task<Finding> ConsumedAsync(IConnection connection, string queue, CancellationToken ct)
    {
        QueueDeclareOk? found = null;
        if (await FindProblemAsync(connection, async channel => found = await channel.QueueDeclarePassiveAsync(queue, ct), ct) is { } problem)
            return Finding.Wrong($"queue {queue}", $"missing ({problem})", StartBot);

        return found!.ConsumerCount == 0
            ? Finding.Wrong($"queue {queue}", $"nobody consumes it, {Quantity.Of(found.MessageCount, "message")} waiting", StartBot)
            : Finding.Ok($"queue {queue}", $"{Quantity.Of(found.MessageCount, "message")} waiting, {Quantity.Of(found.ConsumerCount, "consumer")}");
    }

    /// <summary>Messages that a consumer has given up lie in a queue that is there only if that ever happened; null if there are none.</summary>
    private static async Task<Finding?> GivenUpAsync(IConnection connection, string queue, CancellationToken ct)
    {
        QueueDeclareOk? found = null;
        _ = await FindProblemAsync(connection, async channel => found = await channel.QueueDeclarePassiveAsync(queue, ct), ct);

        return found is { MessageCount: > 0 }
            ? Finding.Wrong(
                $"queue {queue}", $"{Quantity.Of(found.MessageCount, "message")} given up",
                "read the header MT-Fault-Message of each, then move them back to the queue, or purge them")
            : null;
    }

    /// <summary>
    /// Why the passive declare is refused, or is not answered; null if neither. A refusal closes its channel, so each question has one of its own.
    /// </summary>
    private static async Task<string?> FindProblemAsync(IConnection connection, Func<IChannel, Task> declare, CancellationToken ct)
    {
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            await declare(channel);
            return null;
        }
        catch (OperationInterruptedException e) when (e is not AlreadyClosedException)
        {
            return e.ShutdownReason?.ReplyText ?? e.Message;
        }
        catch (Exception e) when (IsNoAnswer(e, ct))
        {
            throw new NoAnswerException(e);
        }
    }

    private static bool IsNoAnswer(Exception e, CancellationToken ct) =>
        e is BrokerUnreachableException or IOException or TimeoutException or OperationInterruptedException
        || (e is OperationCanceledException && !ct.IsCancellationRequested);

    private sealed class NoAnswerException(Exception cause) : Exception(cause.GetBaseException().Message, cause);
}
