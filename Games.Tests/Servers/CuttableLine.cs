using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Games.Tests.Servers;

/// <summary>A line to a server that a test may cut (every connection breaks, new ones are taken) or freeze (connected, and nothing comes through).</summary>
internal sealed class CuttableLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> connections = new();
    private readonly CancellationTokenSource stopped = new();
    private readonly (string Host, int Port) target;
    private readonly StatementCounter? counter;
    private readonly Task accepting;
    private volatile TaskCompletionSource frozen = Thawed();

    public CuttableLine(string host, int port, StatementCounter? counter = null)
    {
        this.counter = counter;
        target = (host, port);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static CuttableLine ToBroker(string address, out string through)
    {
        var uri = new UriBuilder(address);
        var line = new CuttableLine(uri.Host, uri.Port);
        (uri.Host, uri.Port) = ("127.0.0.1", line.Port);
        through = uri.Uri.AbsoluteUri;

        return line;
    }

    /// <summary>Without encryption, which a line that counts could not read.</summary>
    public static CuttableLine ToPostgres(string connectionString, out string through, StatementCounter? counter = null)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        var line = new CuttableLine(target.Host!, target.Port, counter);
        (target.Host, target.Port, target.SslMode, target.GssEncryptionMode) = ("127.0.0.1", line.Port, SslMode.Disable, GssEncryptionMode.Disable);
        through = target.ConnectionString;

        return line;
    }

    public void Cut()
    {
        foreach (var connection in connections.Keys)
            connection.Close();
    }

    public void Freeze() => frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Thaw() => frozen.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await stopped.CancelAsync();
        listener.Stop();
        Thaw();
        Cut();
        await accepting;
        stopped.Dispose();
    }

    private static TaskCompletionSource Thawed()
    {
        var thawed = new TaskCompletionSource();
        thawed.SetResult();

        return thawed;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await listener.AcceptTcpClientAsync(stopped.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            connections[near] = connections[far] = true;
            await far.ConnectAsync(target.Host, target.Port, stopped.Token);
            await await Task.WhenAny(CopyAsync(near, far, counter?.Connection()), CopyAsync(far, near));
        }
        catch (Exception end) when (end is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Either side is gone: so is the other.
        }
        finally
        {
            connections.TryRemove(near, out _);
            connections.TryRemove(far, out _);
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, Action<ReadOnlyMemory<byte>>? watch = null)
    {
        var buffer = new byte[8192];
        while (await from.GetStream().ReadAsync(buffer, stopped.Token) is var read and > 0)
        {
            await frozen.Task;
            watch?.Invoke(buffer.AsMemory(0, read));
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stopped.Token);
        }
    }
}
