using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.Api.Clients;

/// <summary>Callers whose clients are generated from the API's document, compiled, and run as programs of their own.</summary>
public sealed class GeneratedClientTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
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
        await Programs.RunAsync(Repository.PathOf("."), "dotnet", "tool", "restore");
        await Programs.RunAsync(
            Repository.PathOf("."), "dotnet", "kiota", "generate", "--language", "CSharp", "--openapi", PathOf("openapi.json"),
            "--output", PathOf("generated"), "--class-name", "GamesClient", "--namespace-name", "Games.Client", "--log-level", "error");
        await Programs.RunAsync(
            _directory.FullName, "dotnet", "build", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "--output", "built");

        var output = await Programs.RunAsync(_directory.FullName, "dotnet", "built/client.dll", Address, Key);

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
        Programs.RequireNode();
        await PrepareAsync("TypeScript");
        await Programs.InstallFromNpmAsync(_directory.FullName);
        await Programs.RunAsync(_directory.FullName, "node_modules/.bin/openapi-typescript", "openapi.json", "--output", "api.d.ts");
        await Programs.RunAsync(_directory.FullName, "node_modules/.bin/tsc", "--project", ".");

        var output = await Programs.RunAsync(_directory.FullName, "node", "client.js", Address, Key);

        Assert.Equal(
            [
                "refused 400 channelId guildId hostId title",
                "listed true",
                "read A game of a generated client 🎲 7 scheduled 2131-01-01T19:00:00+00:00 true",
            ],
            output);
    }

    private async Task PrepareAsync(string client)
    {
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf($"Games.Tests/Api/Clients/{client}")))
            File.Copy(file, PathOf(Path.GetFileName(file)));
        await File.WriteAllTextAsync(PathOf("openapi.json"), await _api.GetStringAsync("/openapi.json"));
    }

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
