using System.Diagnostics;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.Api.Clients;

/// <summary>Callers whose clients are generated from the API's document, compiled, and run as programs of their own.</summary>
public sealed class GeneratedClientTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ApiHost _host;
    private readonly HttpClient _api;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-client-");

    public GeneratedClientTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, settings: ApiHost.FreePort);
        _host.UseKestrel();
        _api = _host.CreateClient();
    }

    private string Address => _api.BaseAddress!.GetLeftPart(UriPartial.Authority);

    private string Key => _api.DefaultRequestHeaders.Authorization?.Parameter ?? "none";

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return _host.DisposeAsync();
    }

    [Fact]
    public async Task One_of_Kiota_for_CSharp_creates_a_game_reads_it_and_understands_a_refusal()
    {
        await PrepareAsync("CSharp");
        await RunAsync(Repository.PathOf("."), "dotnet", "tool", "restore");
        await RunAsync(
            Repository.PathOf("."), "dotnet", "kiota", "generate", "--language", "CSharp", "--openapi", PathOf("openapi.json"),
            "--output", PathOf("generated"), "--class-name", "GamesClient", "--namespace-name", "Games.Client", "--log-level", "error");
        await RunAsync(_directory.FullName, "dotnet", "build", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "--output", "built");

        var output = await RunAsync(_directory.FullName, "dotnet", "built/client.dll", Address, Key);

        Assert.Equal(
            [
                "refused 400 channelId guildId hostId scheduledAt title",
                "listed True",
                "read A game of a generated client 🎲 7 Scheduled 2131-01-01 19:00:00Z True",
            ],
            output);
    }

    [Fact]
    public async Task One_of_openapi_typescript_creates_a_game_reads_it_and_understands_a_refusal()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(IsInstalled("node") && IsInstalled("npm"), "node and npm are missing: apt-get install nodejs npm");

        await PrepareAsync("TypeScript");
        await RunAsync(_directory.FullName, "npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund");
        await RunAsync(_directory.FullName, "node_modules/.bin/openapi-typescript", "openapi.json", "--output", "api.d.ts");
        await RunAsync(_directory.FullName, "node_modules/.bin/tsc", "--project", ".");

        var output = await RunAsync(_directory.FullName, "node", "client.js", Address, Key);

        Assert.Equal(
            [
                "refused 400 channelId guildId hostId title",
                "listed true",
                "read A game of a generated client 🎲 7 scheduled 2131-01-01T19:00:00+00:00 true",
            ],
            output);
    }

    private static bool IsInstalled(string program) => Environment.GetEnvironmentVariable("PATH")!
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<string[]> RunAsync(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program.Contains('/') ? Path.Combine(directory, program) : program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task PrepareAsync(string client)
    {
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf($"Games.Tests/Api/Clients/{client}")))
            File.Copy(file, PathOf(Path.GetFileName(file)));
        await File.WriteAllTextAsync(PathOf("openapi.json"), await _api.GetStringAsync("/openapi.json"));
    }

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
