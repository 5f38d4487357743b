using System.Net.Sockets;
using System.Text;
using Games.AppHost.Servers;

namespace Games.AppHost;

/// <summary>
/// By which a verb of ./games reaches a running ./run: a unix socket in its data directory, which only its owner may open. One line asks, and
/// the answer is a mark and a text.
/// </summary>
internal sealed class ControlSocket : IAsyncDisposable
{
    private const char Done = '+';
    private const char Failed = '-';

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _closing = new();
    private readonly string _path;
    private readonly Socket _socket;
    private readonly Task _serving;

    private ControlSocket(string path, Socket socket, Func<string, CancellationToken, Task<string>> answer)
    {
        (_path, _socket) = (path, socket);
        _serving = ServeAsync(answer);
    }

    /// <summary>Answers each line with what <paramref name="answer"/> says, or with why it cannot.</summary>
    public static ControlSocket Open(string path, Func<string, CancellationToken, Task<string>> answer)
    {
        // A run that was killed leaves it.
        File.Delete(path);
        var socket = NewSocket();
        socket.Bind(EndPointOf(path));
        // Nobody can connect before the socket listens.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        socket.Listen();
        return new(path, socket, answer);
    }

    /// <summary>Asks the run of this socket, and returns its answer.</summary>
    /// <exception cref="ServerUnavailableException">There is no run, it ends, or it could not do it.</exception>
    public static async Task<string> AskAsync(string path, string request, CancellationToken ct)
    {
        using var socket = NewSocket();
        try
        {
            await socket.ConnectAsync(EndPointOf(path), ct);
        }
        catch (SocketException unreachable)
        {
            throw new ServerUnavailableException(
                unreachable.SocketErrorCode is SocketError.AccessDenied
                    ? $"{path} belongs to another user."
                    : $"Games does not run on {Path.GetDirectoryName(path)}, or has not started yet. Start it with ./run.",
                unreachable);
        }

        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request + "\n"), ct);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(ct);
        return answer switch
        {
            [Done, .. var text] => text,
            [Failed, .. var text] => throw new ServerUnavailableException(text),
            _ => throw new ServerUnavailableException("The run ended without an answer."),
        };
    }

    /// <summary>By the shorter of its names: the kernel takes no more than 108 bytes.</summary>
    /// <exception cref="ServerUnavailableException">Both are too long.</exception>
    public static UnixDomainSocketEndPoint EndPointOf(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        try
        {
            return new(relative.Length < path.Length ? relative : path);
        }
        catch (ArgumentOutOfRangeException tooLong)
        {
            throw new ServerUnavailableException($"{path} is too long for the name of a socket. Choose a shorter directory with --data.", tooLong);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        File.Delete(_path);
        _closing.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private async Task ServeAsync(Func<string, CancellationToken, Task<string>> answer)
    {
        while (true)
        {
            using var client = await _socket.AcceptAsync(_closing.Token);
            try
            {
                await AnswerAsync(client, answer);
            }
            catch (Exception gone) when (gone is IOException or TimeoutException)
            {
                // Whoever asked has not waited for the answer, or has not asked.
            }
        }
    }

    private async Task AnswerAsync(Socket client, Func<string, CancellationToken, Task<string>> answer)
    {
        await using var stream = new NetworkStream(client);
        using var reader = new StreamReader(stream);
        var request = await reader.ReadLineAsync(_closing.Token).AsTask().WaitAsync(RequestTimeout, _closing.Token);
        string said;
        try
        {
            said = Done + await answer(request ?? "", _closing.Token);
        }
        catch (ServerUnavailableException failure)
        {
            said = Failed + failure.Message;
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(said), _closing.Token);
    }
}
