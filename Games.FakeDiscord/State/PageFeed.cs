using System.Threading.Channels;

namespace Games.FakeDiscord.State;

/// <summary>Tells open pages in which channel something changed, or "*" when more than that did; they read again what they show.</summary>
internal sealed class PageFeed
{
    private readonly Lock _lock = new();
    private readonly List<Channel<string>> _pages = [];

    public void Changed(string channelId = "*")
    {
        lock (_lock)
        {
            foreach (var page in _pages)
                page.Writer.TryWrite(channelId);
        }
    }

    public async IAsyncEnumerable<string> FollowAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var page = System.Threading.Channels.Channel.CreateBounded<string>(
            new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
            _pages.Add(page);

        try
        {
            yield return "*";
            await foreach (var channelId in page.Reader.ReadAllAsync(ct))
                yield return channelId;
        }
        finally
        {
            lock (_lock)
                _pages.Remove(page);
        }
    }
}
