using System.Net;
using System.Net.Sockets;

namespace Games.AppHost.Servers;

internal static class FreePort
{
    // Below the range from which the kernel takes ports for outgoing connections: a port from in there can be gone before a server binds it.
    private const int First = 20_000;
    private const int Last = 32_000;

    private static readonly HashSet<int> Taken = [];

    /// <summary>A loopback port that nothing listens on, and that this process does not give out twice.</summary>
    public static int Next()
    {
        lock (Taken)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, Last);
                if (TryTake(port))
                    return port;
            }
        }
    }

    /// <summary>Takes this port for this process, unless something listens on it or this process has given it out.</summary>
    public static bool TryTake(int port)
    {
        lock (Taken)
            return !Taken.Contains(port) && IsFree(port) && Taken.Add(port);
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
