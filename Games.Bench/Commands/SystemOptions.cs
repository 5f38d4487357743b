using System.CommandLine;
using Games.Bench.Running;

namespace Games.Bench.Commands;

/// <summary>What a command starts itself: our services or the limit, on the servers that are named or on private ones.</summary>
internal sealed class SystemOptions
{
    private const string Wolverine = "wolverine";
    private const string Official = "official";

    private static readonly string Root = FindRoot();

    public Option<string> ApiDll { get; } = Dll("--api-dll", "Our API, built", "Games.Api");

    public Option<string> BotDll { get; } = Dll("--bot-dll", "Our bot, built", "Games.Bot");

    public Option<string> DiscordDll { get; } = Dll("--discord-dll", "The stand-in for Discord, built", "Games.FakeDiscord");

    public Option<string> LimitProject { get; } = new("--limit-project")
    {
        Description = "The hand-written limit's project; it is built before it runs",
        HelpName = "PATH",
        DefaultValueFactory = _ => Path.Combine("bench", "limit"),
    };

    public Option<string[]> Peers { get; } = NewPeers();

    public ConnectionOption GamesDb { get; } = Private(CommonOptions.GamesDb());

    public ConnectionOption RabbitMq { get; } = Private(CommonOptions.RabbitMq());

    public Option<bool> AllowRemote { get; } = CommonOptions.AllowRemote();

    public Task<Servers> OpenServersAsync(ParseResult options, CancellationToken ct, IReadOnlyDictionary<string, string>? postgresSettings = null) =>
        Servers.OpenAsync(GamesDb.ValueIn(options), RabbitMq.ValueIn(options), options.GetValue(AllowRemote), ct, postgresSettings);

    public Implementation Ours(ParseResult options) => Implementation.Ours(FullPath(options.GetValue(ApiDll)!), FullPath(options.GetValue(BotDll)!));

    /// <summary>The stand-in for Discord, not started yet.</summary>
    public MeasuredService NewDiscord(ParseResult options)
    {
        var dll = FullPath(options.GetValue(DiscordDll)!);
        return MeasuredService.Of("The stand-in for Discord", dll, readyPath: "/_fake/state");
    }

    public Task<Implementation> BuildLimitAsync(ParseResult options, CancellationToken ct) =>
        Implementation.BuildLimitAsync(FullPath(options.GetValue(LimitProject)!), ct);

    /// <summary>Builds those of <see cref="Peers" /> that are named.</summary>
    public async Task<IReadOnlyList<Implementation>> BuildPeersAsync(ParseResult options, CancellationToken ct)
    {
        var peers = new List<Implementation>();
        foreach (var name in options.GetValue(Peers)?.Distinct() ?? [])
            peers.Add(await (name == Wolverine ? Implementation.BuildWolverineAsync(Root, ct) : Implementation.BuildOfficialAsync(Root, ct)));
        return peers;
    }

    private static Option<string[]> NewPeers()
    {
        var peers = new Option<string[]>("--with")
        {
            Description = $"A peer in the same table, built first: {Wolverine} (bench/peers), {Official} (our services on the published "
                + "MassTransit.EntityFrameworkCore); may come several times",
            HelpName = "PEER",
        };
        peers.AcceptOnlyFromAmong(Wolverine, Official);
        return peers;
    }

    private static Option<string> Dll(string name, string description, string project) => new(name)
    {
        Description = description,
        HelpName = "PATH",
        DefaultValueFactory = _ => Path.Combine(project, "bin", "Release", "net10.0", $"{project}.dll"),
    };

    private static ConnectionOption Private(ConnectionOption option)
    {
        option.Description = option.Description!.TrimEnd(']') + "; else a private server]";
        return option;
    }

    // A given path is relative to the working directory; a default path to the repository's root, wherever the bench is started.
    private static string FullPath(string path) => Path.Exists(path) ? Path.GetFullPath(path) : Path.GetFullPath(path, Root);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Games.sln")))
                return directory.FullName;
        }
        return Directory.GetCurrentDirectory();
    }
}
