using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace Games.FakeDiscord.Gateway;

/// <summary>What a client is sent, in order, up to a close frame: what is dispatched under the gate is written outside of it.</summary>
internal sealed class OutgoingFrames(WebSocket socket, CancellationTokenSource abandon)
{
    private const int Dropped = 0;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly Channel<(string? Text, int CloseCode, string Reason)> _queue =
        System.Threading.Channels.Channel.CreateUnbounded<(string? Text, int CloseCode, string Reason)>();

    private int _isClosing;

    public bool IsClosing => _isClosing != 0;

    public void Send(string text) => _queue.Writer.TryWrite((text, 0, ""));

    public void Close(int code, string reason)
    {
        if (Interlocked.Exchange(ref _isClosing, 1) == 0)
            _queue.Writer.TryWrite((null, code, reason));
    }

    /// <summary>Cuts the connection without a close frame.</summary>
    public void Drop() => Close(Dropped, "");

    public void Complete()
    {
        _queue.Writer.TryComplete();
        abandon.CancelAfter(ClosePatience);
    }

    public async Task WriteAllAsync()
    {
        try
        {
            await foreach (var (text, code, reason) in _queue.Reader.ReadAllAsync())
            {
                if (text is not null)
                {
                    await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, abandon.Token);
                    continue;
                }

                if (code == Dropped)
                    socket.Abort();
                else
                    await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, abandon.Token);
                abandon.CancelAfter(ClosePatience);
                return;
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The receiving side notices too.
        }
    }
}
