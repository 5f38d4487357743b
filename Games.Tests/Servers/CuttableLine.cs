using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Games.Tests.Servers;

/// <summary>
/// A line to a server that a test may cut (every connection breaks, new ones are taken) or freeze (connected, and nothing comes through).
/// </summary>
internal sealed class CuttableLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> _connections = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly (string Host, int Port) _target;
    private readonly StatementCounter? _counter;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _frozen = Thawed();
    private volatile string? _inserting;
    private (byte[] Said, byte[] Heard) _renamed = ([], []);
    private int _answered = int.MaxValue;
    private int _taken;

    public CuttableLine(string host, int port, StatementCounter? counter = null)
    {
        _counter = counter;
        _target = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Connections so far.</summary>
    public int Taken => Volatile.Read(ref _taken);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

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
        foreach (var connection in _connections.Keys)
            connection.Close();
    }

    public void Freeze() => _frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Thaw() => _frozen.TrySetResult();

    /// <summary>Breaks the next connection that is answered so many bytes, and no other.</summary>
    public void CutAfter(int bytes) => Volatile.Write(ref _answered, bytes);

    /// <summary>Breaks the first connection that inserts into the table, when it commits: the server hears of it, and its answer is lost.</summary>
    public void LoseCommitAfterInsertInto(string table) => _inserting = $"INSERT INTO {table}";

    /// <summary>Whoever connects from now on hears the one in the place of the other, which is as long.</summary>
    public void Rename(string said, string heard)
    {
        Assert.Equal(said.Length, heard.Length);
        _renamed = (Encoding.ASCII.GetBytes(said), Encoding.ASCII.GetBytes(heard));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Stop();
        Thaw();
        Cut();
        await _accepting;
        _stopped.Dispose();
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
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_stopped.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        Interlocked.Increment(ref _taken);
        using var far = new TcpClient();
        try
        {
            _connections[near] = _connections[far] = true;
            await far.ConnectAsync(_target.Host, _target.Port, _stopped.Token);
            var commit = new Commit();
            await await Task.WhenAny(CopyAsync(near, far, _counter?.Connection(), commit), CopyAsync(far, near, isAnswerTo: commit));
        }
        catch (Exception end) when (
            end is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Either side is gone: so is the other.
        }
        finally
        {
            _connections.TryRemove(near, out _);
            _connections.TryRemove(far, out _);
        }
    }

    private async Task CopyAsync(
        TcpClient from, TcpClient to, Action<ReadOnlyMemory<byte>>? watch = null, Commit? mayBe = null, Commit? isAnswerTo = null)
    {
        var buffer = new byte[8192];
        var answered = 0;
        while (await from.GetStream().ReadAsync(buffer, _stopped.Token) is var read and > 0)
        {
            await _frozen.Task;
            watch?.Invoke(buffer.AsMemory(0, read));
            if (mayBe is not null && _inserting is { } inserting && mayBe.IsSentBy(buffer.AsSpan(0, read), inserting))
                _inserting = null;
            if (isAnswerTo is { IsSent: true })
                return;
            if (isAnswerTo is not null && (answered += read) >= Volatile.Read(ref _answered))
            {
                Volatile.Write(ref _answered, int.MaxValue);
                return;
            }

            if (isAnswerTo is not null && _renamed is ({ Length: > 0 } said, var heard) && buffer.AsSpan(0, read).IndexOf(said) is >= 0 and var at)
                heard.CopyTo(buffer, at);
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stopped.Token);
        }
    }

    /// <summary>The commit, on one connection, of a transaction that has inserted.</summary>
    private sealed class Commit
    {
        private bool _hasInserted;
        private volatile bool _isSent;

        public bool IsSent => _isSent;

        public bool IsSentBy(ReadOnlySpan<byte> sent, string inserting)
        {
            _hasInserted |= sent.IndexOf(Encoding.ASCII.GetBytes(inserting)) >= 0;
            return _isSent = _hasInserted && sent.IndexOf("COMMIT"u8) >= 0;
        }
    }
}
