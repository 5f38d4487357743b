using System.CommandLine;
using Games.Bench.Running;

namespace Games.Bench.Commands;

/// <summary>Where the programs lie that a command starts itself.</summary>
internal sealed class ProgramOptions
{
    private static readonly string Root = FindRoot();

    public Option<string> ApiDll { get; } = Dll("--api-dll", "Our API, built", "Games.Api");

    public Option<string> BotDll { get; } = Dll("--bot-dll", "Our bot, built", "Games.Bot");

    public Option<string> LimitProject { get; } = new("--limit-project")
    {
        Description = "The hand-written limit's project; it is built from a copy",
        HelpName = "PATH",
        DefaultValueFactory = _ => Path.Combine("..", "shared", "bench", "limit"),
    };

    public Implementation Ours(ParseResult options) => Implementation.Ours(FullPath(options.GetValue(ApiDll)!), FullPath(options.GetValue(BotDll)!));

    public async Task<Implementation> LimitAsync(ParseResult options, Servers servers, CancellationToken ct) =>
        Implementation.Limit(await Running.LimitProject.BuildAsync(FullPath(options.GetValue(LimitProject)!), Path.Combine(servers.Directory, "limit"), ct));

    private static Option<string> Dll(string name, string description, string project) => new(name)
    {
        Description = description,
        HelpName = "PATH",
        DefaultValueFactory = _ => Path.Combine(project, "bin", "Release", "net10.0", $"{project}.dll"),
    };

    // A path that is given is meant from where we stand; a default from the repository's root, wherever we stand.
    private static string FullPath(string path) => File.Exists(path) || Directory.Exists(path) ? Path.GetFullPath(path) : Path.GetFullPath(path, Root);

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
