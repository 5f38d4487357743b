using System.Text.Json.Nodes;
using Games.Tests.Api.Clients;
using Games.Tests.Architecture;

namespace Games.Tests.FakeDiscord;

/// <summary>The page in a real browser, with a bot that answers.</summary>
public sealed class PageTests : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-discord-page-");
    private StandIn _discord = null!;
    private GatewayClient _client = null!;
    private string _message = "";
    private int _players;

    public async ValueTask InitializeAsync()
    {
        _discord = await StandIn.StartAsync();
        (_client, _) = await GatewayClient.IdentifiedAsync(_discord, intents: 1);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _discord.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Shows_a_channel_and_lets_a_person_take_part_in_it()
    {
        Programs.RequireNode();
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(File.Exists(Chromium), "Chromium is missing: apt-get install chromium");
        foreach (var source in Directory.EnumerateFiles(Repository.PathOf("Games.Tests/FakeDiscord/Page")))
            File.Copy(source, Path.Combine(_directory.FullName, Path.GetFileName(source)));
        await Programs.InstallFromNpmAsync(_directory.FullName);
        _message = (string)(await _discord.OkAsync("POST", StandIn.Messages, GameBody()))["id"]!;
        await _discord.OkAsync("PUT", $"applications/{StandIn.BotId}/guilds/{StandIn.Guild}/commands", """
            [{"name":"games","description":"Game nights","options":[{"type":1,"name":"new","description":"A new one","options":[
              {"type":3,"name":"title","description":"Its title","required":true}]}]}]
            """);
        var answering = AnswerAllAsync();

        var lines = await Programs.RunAsync(
            _directory.FullName, "node", "page.js", _discord.Address, Path.Combine(_directory.FullName, "profile"));

        Assert.Equal(
            [
                """{"step":"embed","author":"bot","title":"Raid","when":"Tuesday, December 31, 2030 at 2:00 PM","host":"@anna"}""",
                """{"step":"buttons","buttons":["Join","Leave","Calendar ↗"],"off":true}""",
                """{"step":"click","seenBy":"ben"}""",
                """{"step":"message","author":"ben","content":"<strong>hi</strong> &lt;img src=x onerror=alert(1)&gt; *not* <s>old</s>"}""",
                """{"step":"command","value":"Chess","dialog":false}""",
                """{"step":"dm","title":"@ bot"}""",
                """{"step":"narrow, by keyboard","fits":true,"composer":true,"focus":"Join"}""",
                """{"step":"faults","faults":["noHeartbeatAck"],"problems":[]}""",
            ],
            lines);
        await answering;
    }

    private string GameBody() => $$"""
        {"embeds":[{"title":"Raid","color":5793266,
          "description":"<t:1924974000:F>, <t:1924974000:R>\nHost <@{{StandIn.Anna}}>, players {{_players}}/5",
          "fields":[{"name":"Playing","value":"nobody","inline":true}],"footer":{"text":"id 1"} }],
         "components":[{"type":1,"components":[
          {"type":2,"style":3,"label":"Join","custom_id":"join:1"},{"type":2,"style":2,"label":"Leave","custom_id":"leave:1","disabled":true},
          {"type":2,"style":5,"label":"Calendar","url":"https://example.org/1.ics"}]}]}
        """;

    /// <summary>Joins on a click, asks in a modal on a command; until the page drops its connection.</summary>
    private async Task AnswerAllAsync()
    {
        try
        {
            while (await _client.NextAsync() is { } frame)
            {
                if ((string?)frame["t"] == "INTERACTION_CREATE")
                    await AnswerAsync((JsonObject)frame["d"]!);
            }
        }
        catch (System.Net.WebSockets.WebSocketException)
        {
            // Dropped, as asked for on the page.
        }
    }

    private async Task AnswerAsync(JsonObject interaction)
    {
        var callback = $"interactions/{interaction["id"]}/{interaction["token"]}/callback";
        switch ((int)interaction["type"]!)
        {
            case 2:
                var title = (string?)interaction["data"]!["options"]![0]!["options"]![0]!["value"];
                await _discord.OkAsync("POST", callback, $$$"""
                    {"type":9,"data":{"custom_id":"new","title":"A game","components":[{"type":1,"components":[
                      {"type":4,"custom_id":"title","style":1,"label":"Name of the game","value":"{{{title}}}"}]}]} }
                    """);
                break;
            case 3:
                _players++;
                await _discord.OkAsync("POST", callback, """{"type":4,"data":{"content":"You are in","flags":64}}""");
                await _discord.OkAsync("PATCH", $"{StandIn.Messages}/{_message}", GameBody());
                break;
            case 5:
                var name = (string?)interaction["data"]!["components"]![0]!["components"]![0]!["value"];
                var dm = await _discord.OkAsync("POST", "users/@me/channels", $$"""{"recipient_id":"{{StandIn.Ben}}"}""");
                await _discord.OkAsync("POST", $"channels/{dm["id"]}/messages", """{"content":"psst"}""");
                await _discord.OkAsync("POST", callback, $$"""{"type":4,"data":{"content":"Made {{name}}"} }""");
                break;
        }
    }
}
