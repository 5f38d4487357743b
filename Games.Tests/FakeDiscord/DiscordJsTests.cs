using System.Text.Json.Nodes;
using Games.Tests.Api.Clients;
using Games.Tests.Architecture;

namespace Games.Tests.FakeDiscord;

/// <summary>The library that most bots are written with, as it comes from npm: what it takes for Discord is near enough to it.</summary>
public sealed class DiscordJsTests : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-discord-js-");

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Logs_in_answers_posts_edits_waits_for_its_limit_and_resumes()
    {
        Programs.RequireNode();
        await using var discord = await StandIn.StartAsync();
        foreach (var source in Directory.EnumerateFiles(Repository.PathOf("Games.Tests/FakeDiscord/DiscordJs")))
            File.Copy(source, Path.Combine(_directory.FullName, Path.GetFileName(source)));
        await Programs.InstallFromNpmAsync(_directory.FullName);

        var lines = await Programs.RunAsync(_directory.FullName, "node", "bot.js", discord.Address);

        Assert.Equal(
            [
                """{"step":"login","bot":"900000000000000001","guilds":["Game night"],"channels":["games"],"sends":true,"manages":false}""",
                """{"step":"message","content":"hello","author":"ben","member":"300000000000000002","guild":"Game night"}""",
                """{"step":"post","title":"Raid","buttons":["Join","Calendar"]}""",
                """{"step":"click","outcome":"ephemeral","text":"You are in, ben"}""",
                """{"step":"edit","content":"full","rows":0,"edited":true,"embeds":1}""",
                """{"step":"command","outcome":"modal","modal":"A game","value":"Raid","then":"Made Raid 2"}""",
                """{"step":"rate limit","waited":true,"seconds":true,"early":0}""",
                """{"step":"dm","content":["psst"]}""",
                """{"step":"resume","received":["hello","during the drop","during op 7","after"],"identifies":1,"resumes":2,"elsewhere":0}""",
                """{"step":"refused","status":401,"invalid":1}""",
            ],
            lines.Select(line => JsonNode.Parse(line)!.ToJsonString()));
    }
}
