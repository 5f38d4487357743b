extern alias FakeDiscord;

using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Games.FakeDiscord.Faults;
using Games.Tests.Api;
using Games.Tests.Architecture;

namespace Games.Tests.FakeDiscord;

/// <summary>The stand-in as a program of its own, and what it says of itself.</summary>
public sealed class StartTests
{
    private static readonly string ProgramPath = typeof(FakeDiscord::Program).Assembly.Location;
    private static readonly Dictionary<string, string?> NoSettings = [];

    [Theory]
    [InlineData("--help")]
    [InlineData("--urls", "http://127.0.0.1:1", "-h")]
    public async Task Help_says_where_everything_is(params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(ProgramPath, NoSettings, arguments);

        Assert.Equal((0, 0), (outcome.ExitCode, outcome.Errors.Length));
        Assert.Contains(outcome.Output, line => line.Contains("http://localhost:5082/api/v10/"));
    }

    [Theory]
    [InlineData(2, "does not know 'start'", "start")]
    [InlineData(2, "does not know '--port'", "--port", "1")]
    [InlineData(1, "cannot listen", "--urls", "nowhere")]
    public async Task What_it_cannot_do_is_one_line(int exitCode, string says, params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(ProgramPath, NoSettings, arguments);

        Assert.Equal(exitCode, outcome.ExitCode);
        Assert.Contains(says, Assert.Single(outcome.Errors));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line()
    {
        await using var discord = await StandIn.StartAsync();
        var outcome = await ServiceProcess.RunAsync(ProgramPath, NoSettings, "--urls", discord.Address);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("address already in use", Assert.Single(outcome.Errors));
    }

    [Fact]
    public async Task Its_document_describes_what_is_its_own_and_leaves_Discord_s_to_Discord()
    {
        await using var discord = await StandIn.StartAsync();
        using var http = new HttpClient { BaseAddress = new(discord.Address) };
        var document = (await http.GetFromJsonAsync<JsonObject>("/openapi.json"))!;
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(x => (path.Key, x.Value))).ToList();

        Assert.All(operations, operation => Assert.StartsWith("/_fake", operation.Key));
        Assert.All(operations, operation => Assert.NotNull(operation.Value!["summary"]));
        Assert.Contains("/_fake/clicks", document["paths"]!.AsObject().Select(path => path.Key));
    }

    [Fact]
    public void The_guide_names_every_fault()
    {
        var guide = File.ReadAllText(Repository.PathOf("Games.FakeDiscord/README.md"));

        Assert.All(Enum.GetNames<FaultKind>(), kind => Assert.Contains($"`{char.ToLowerInvariant(kind[0])}{kind[1..]}`", guide));
    }
}
