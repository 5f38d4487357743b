using System.Net.Sockets;
using Npgsql;

namespace Games.Outbox.Outages;

/// <summary>Failures of a server, in words for whoever reads the log.</summary>
public static class FailureText
{
    private const string Silence = "no answer in time";

    /// <summary>
    /// The cause and not what it was wrapped in: "connection refused (127.0.0.1:5432)" instead of "an exception has been raised that is likely due to
    /// a transient failure". Names hosts, and no password.
    /// </summary>
    public static string InWords(this Exception failure)
    {
        var cause = failure.GetBaseException();

        return cause switch
        {
            PostgresException refusal => $"{refusal.MessageText} ({refusal.SqlState})",
            // Closed here, by whoever has waited for long enough.
            SocketException { SocketErrorCode: SocketError.OperationAborted } => Silence,
            SocketException socket => $"{char.ToLowerInvariant(socket.Message[0])}{socket.Message[1..]}{AddressIn(failure)}",
            NpgsqlException or TimeoutException when failure.Find<NpgsqlException>() is { Message: var text } && text.Contains("pool") => text,
            TimeoutException or OperationCanceledException => Silence,
            EndOfStreamException => "the server has closed the connection",
            _ => cause.Message
        };
    }

    internal static T? Find<T>(this Exception failure)
        where T : Exception
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is T found)
                return found;
        }

        return null;
    }

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
