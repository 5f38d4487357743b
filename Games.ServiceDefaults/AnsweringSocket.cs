using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;

namespace Games.ServiceDefaults;

/// <summary>
/// A connection to a broker that has to say something soon. RabbitMQ's client waits for the first word of a broker that takes the connection and is
/// frozen, or is none, for ever; nobody hears of it, and nothing is tried again.
/// </summary>
internal sealed class AnsweringSocket(Socket socket) : TcpClientAdapter(socket)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(4);

    public static ITcpClient Create(AddressFamily family) =>
        new AnsweringSocket(new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    public override async Task ConnectAsync(IPAddress host, int port, CancellationToken cancellationToken = default)
    {
        await base.ConnectAsync(host, port, cancellationToken);
        _ = CloseWithoutAnswerAsync();
    }

    private async Task CloseWithoutAnswerAsync()
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout);
        try
        {
            // Looks at the first byte and leaves it to the client.
            await Client.ReceiveAsync(new byte[1], SocketFlags.Peek, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Close();
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The client meets it too.
        }
    }
}
