using System.Net.Sockets;
using Npgsql;

namespace Games.Outbox.Outages;

/// <summary>Failures of a server, in words for whoever reads the log.</summary>
public static class FailureText
{
    /// <summary>What Npgsql says, with no cause, when it has lately seen each of several hosts to be away or to be no primary.</summary>
    internal const string NoHost = "No suitable host was found.";

    private const string Silence = "no answer in time";

    /// <summary>
    /// The cause and not what it was wrapped in: "connection refused (127.0.0.1:5432)" instead of "an exception has been raised that is likely due to
    /// a transient failure". Names hosts, and no password.
    /// </summary>
    public static string InWords(this Exception failure)
    {
        // Each of several hosts has its own.
        if (failure.Find<AggregateException>() is { InnerExceptions: { Count: > 0 } causes })
            return string.Join("; ", causes.Select(InWords).Distinct());

        var cause = failure.GetBaseException();

        return cause switch
        {
            PostgresException refusal => $"{refusal.MessageText} ({refusal.SqlState})",
            // Closed here, by whoever has waited for long enough.
            SocketException { SocketErrorCode: SocketError.OperationAborted } => Silence,
            SocketException socket => $"{char.ToLowerInvariant(socket.Message[0])}{socket.Message[1..]}{AddressIn(failure)}",
            NpgsqlException or TimeoutException when failure.Find<NpgsqlException>() is { Message: var text } && text.Contains("pool") => text,
            TimeoutException or OperationCanceledException => Silence,
            NpgsqlException { Message: NoHost } => "no suitable host: each was lately away, or not the primary",
            EndOfStreamException => "the server has closed the connection",
            _ => cause.Message
        };
    }

    internal static T? Find<T>(this Exception failure)
        where T : Exception => failure as T ?? failure switch
        {
            // Of several hosts.
            AggregateException { InnerExceptions: var causes } => causes.Select(Find<T>).FirstOrDefault(found => found is not null),
            _ => failure.InnerException?.Find<T>()
        };

    /// <summary>Both clients end a sentence with it: "Failed to connect to 127.0.0.1:5432", "Connection failed, host 127.0.0.1:5672".</summary>
    private static string AddressIn(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            var last = cause.Message[(cause.Message.LastIndexOf(' ') + 1)..];
            if (last.LastIndexOf(':') is > 0 and var colon && int.TryParse(last.AsSpan(colon + 1), out _))
                return $" ({last})";
        }

        return "";
    }
}
