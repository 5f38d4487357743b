using System.Text.RegularExpressions;

namespace Games.AppHost.Servers;

/// <summary>HAProxy before APIs, as docker-compose.cluster.yml has it: but for the addresses its configuration is that file's.</summary>
/// <param name="configuration">deploy/compose/haproxy.cfg.</param>
/// <param name="apis">The ports of the APIs.</param>
internal sealed class HaProxyServer(string directory, string configuration, IReadOnlyList<int> apis, Action<string>? log = null)
    : ServerProcess("HAProxy", log ?? (_ => { }))
{
    private static readonly HttpClient Http = new();

    private readonly int _statistics = FreePort.Next();

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    protected override Signal CleanStop => Signal.Term;

    /// <summary>Whether it sends requests to the API with that number.</summary>
    public async Task<bool> SendsToAsync(int api)
    {
        var rows = (await Http.GetStringAsync($"http://127.0.0.1:{_statistics}/;csv")).Split('\n');

        return Array.Find(rows, row => row.StartsWith($"apis,api{api},", StringComparison.Ordinal))!.Contains(",UP,");
    }

    protected override async Task<Command> PrepareAsync(CancellationToken ct)
    {
        var settings = await File.ReadAllTextAsync(configuration, ct);
        settings = Regex.Replace(settings, @"^resolvers docker\n(?: .*\n)+", "", RegexOptions.Multiline);
        settings = settings.Replace(" resolvers docker init-addr libc,none", "").Replace("bind :5080", $"bind {Address.Authority}");
        var lines = apis.Select((port, i) => $"  server api{i} 127.0.0.1:{port} check");
        settings = Regex.Replace(settings, @"^  server-template .*$", string.Join('\n', lines), RegexOptions.Multiline);
        if (settings[settings.IndexOf("frontend", StringComparison.Ordinal)..].Contains("docker"))
            throw new InvalidOperationException($"{configuration} has come to name Docker where this does not look for it.");

        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            {settings}
            frontend statistics
              bind 127.0.0.1:{_statistics}
              stats enable
              stats uri /

            """, ct);
        return new Command(Path.Combine(ServerBinaries.HaProxy(), "haproxy"), "-db", "-f", file) { WorkingDirectory = directory };
    }

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        using var answer = await Http.GetAsync(new Uri(Address, "/health/ready"), ct);
        answer.EnsureSuccessStatusCode();
    }
}
