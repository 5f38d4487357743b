using System.Globalization;
using Games.AppHost.Servers;

namespace Games.AppHost;

/// <summary>
/// A server's port, chosen at the first start of a data directory and the same at every other, so that what was told of it stays true.
/// </summary>
internal static class KeptPort
{
    /// <summary>A run that was killed a moment ago may hold it still.</summary>
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The port in the file, or another one when another program has it.</summary>
    public static async Task<int> ReadAsync(string file, string server, Action<string> write, CancellationToken ct)
    {
        var text = File.Exists(file) ? (await File.ReadAllTextAsync(file, ct)).Trim() : "";
        var isKept = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var kept) && kept is > 0 and <= ushort.MaxValue;
        if (isKept && await IsFreeSoonAsync(kept, ct))
            return kept;

        var port = FreePort.Next();
        if (isKept)
            write($"another program has port {kept}, which was {server}'s: it is {port} from now on");
        await File.WriteAllTextAsync(file, $"{port}\n", ct);
        return port;
    }

    private static async Task<bool> IsFreeSoonAsync(int port, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(ReleaseTimeout);
        while (!FreePort.TryTake(port))
        {
            if (patience.IsCancellationRequested)
                return false;
            await Task.Delay(PollInterval, ct);
        }

        return true;
    }
}
