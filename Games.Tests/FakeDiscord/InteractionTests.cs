using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.FakeDiscord;

/// <summary>Clicks, commands and modals, from the user to the bot and back.</summary>
public sealed class InteractionTests : IAsyncLifetime
{
    private const string Join = """
        {"content":"a game","components":[{"type":1,"components":[
          {"type":2,"style":3,"label":"Join","custom_id":"join:1"},{"type":2,"style":2,"label":"Leave","custom_id":"leave:1","disabled":true}]}]}
        """;

    private const string Commands = """
        [{"name":"games","description":"Game nights","options":[
          {"type":1,"name":"list","description":"All"},
          {"type":1,"name":"new","description":"A new one","options":[
            {"type":3,"name":"title","description":"Its title","required":true,"max_length":5},{"type":6,"name":"with","description":"Who else"}]}]}]
        """;

    private const string Modal = """
        {"type":9,"data":{"custom_id":"new","title":"A game","components":[{"type":1,"components":[
          {"type":4,"custom_id":"title","style":1,"label":"Title","max_length":10}]}]}}
        """;

    private readonly FakeTimeProvider _time = new(new(2031, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private StandIn _discord = null!;
    private GatewayClient _client = null!;
    private string _message = "";

    public async ValueTask InitializeAsync()
    {
        _discord = await StandIn.StartAsync(_time);
        _message = (string)(await _discord.OkAsync("POST", StandIn.Messages, Join))["id"]!;
        (_client, _) = await GatewayClient.IdentifiedAsync(_discord, intents: 1);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _discord.DisposeAsync();
    }

    [Fact]
    public async Task A_click_shows_its_user_the_ephemeral_answer_and_nobody_else()
    {
        var (seen, interaction) = await ClickAsync();
        Assert.Equal(
            (3, "join:1", StandIn.Guild, StandIn.Ben, _message),
            ((int)interaction["type"]!, (string?)interaction["data"]!["custom_id"], (string?)interaction["guild_id"],
                (string?)interaction["member"]!["user"]!["id"], (string?)interaction["message"]!["id"]));
        await AnswerAsync(interaction, """{"type":4,"data":{"content":"You are in","flags":64}}""");

        Assert.Equal(("ephemeral", "You are in"), Outcome(await seen));
        var forBen = await _discord.FakeAsync("GET", $"channels/{StandIn.Channel}/messages?userId={StandIn.Ben}");
        var forAll = await _discord.OkAsync("GET", StandIn.Messages);
        Assert.Equal((2, 1), (forBen["list"]!.AsArray().Count, forAll["list"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_click_can_change_its_message()
    {
        var (seen, interaction) = await ClickAsync();
        var answer = await _discord.OkAsync("POST", $"{Callback(interaction)}?with_response=true", """{"type":7,"data":{"content":"1 player"}}""");

        Assert.Equal(("updated", "1 player"), Outcome(await seen));
        Assert.Equal((_message, "1 player"), ((string?)answer["resource"]!["message"]!["id"], (string?)answer["resource"]!["message"]!["content"]));
        Assert.Equal("1 player", (string?)(await _discord.OkAsync("GET", $"{StandIn.Messages}/{_message}"))["content"]);
    }

    [Fact]
    public async Task A_deferred_answer_is_seen_when_it_is_edited_in()
    {
        var (seen, interaction) = await ClickAsync();
        await AnswerAsync(interaction, """{"type":5,"data":{"flags":64}}""");
        Assert.Equal(64 + 128, (int)(await _discord.OkAsync("GET", $"{Webhook(interaction)}/messages/@original"))["flags"]!);
        Assert.False(seen.IsCompleted);
        await _discord.OkAsync("PATCH", $"{Webhook(interaction)}/messages/%40original", """{"content":"done"}""");

        Assert.Equal(("ephemeral", "done"), Outcome(await seen));
        await _discord.OkAsync("POST", Webhook(interaction), """{"content":"and more","flags":64}""");
        await _discord.OkAsync("DELETE", $"{Webhook(interaction)}/messages/@original");
        Assert.Equal((404, 10008), await _discord.RefusedAsync("PATCH", $"{Webhook(interaction)}/messages/@original", """{"content":"done"}"""));
    }

    [Fact]
    public async Task The_first_followup_takes_the_place_of_a_deferred_answer()
    {
        var (seen, interaction) = await ClickAsync();
        await AnswerAsync(interaction, """{"type":5}""");
        var original = await _discord.OkAsync("GET", $"{Webhook(interaction)}/messages/@original");
        var followup = await _discord.OkAsync("POST", Webhook(interaction), """{"content":"here"}""");

        Assert.Equal((string?)original["id"], (string?)followup["id"]);
        Assert.Equal(("message", "here"), Outcome(await seen));
    }

    [Fact]
    public async Task A_click_that_was_only_heard_is_seen_by_the_change_of_its_message()
    {
        var (seen, interaction) = await ClickAsync();
        await AnswerAsync(interaction, """{"type":6}""");
        await _discord.OkAsync("PATCH", $"{StandIn.Messages}/{_message}", """{"content":"2 players"}""");

        Assert.Equal(("updated", "2 players"), Outcome(await seen));
    }

    [Fact]
    public async Task After_3_seconds_it_has_failed_and_its_token_is_dead()
    {
        var (seen, interaction) = await ClickAsync();
        _time.Advance(TimeSpan.FromSeconds(3.1));

        Assert.Equal(("failed", "This interaction failed"), Outcome(await seen));
        Assert.Equal((404, 10062), await _discord.RefusedAsync("POST", Callback(interaction), """{"type":6}"""));
        Assert.Equal((404, 10015), await _discord.RefusedAsync("POST", Webhook(interaction), """{"content":"late"}"""));
    }

    [Fact]
    public async Task It_is_answered_once_and_its_token_lasts_15_minutes()
    {
        var (_, interaction) = await ClickAsync();
        await AnswerAsync(interaction, """{"type":6}""");

        Assert.Equal((400, 40060), await _discord.RefusedAsync("POST", Callback(interaction), """{"type":6}"""));
        _time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal((401, 50027), await _discord.RefusedAsync("POST", Webhook(interaction), """{"content":"late"}"""));
    }

    [Theory]
    [InlineData("""{"type":4,"data":{}}""", 50006)]
    [InlineData("""{"type":8,"data":{}}""", 50035)]
    [InlineData("""{"data":{}}""", 50035)]
    [InlineData("""{"type":9,"data":{"custom_id":"a","title":"b","components":[]}}""", 50035)]
    public async Task A_refused_answer_leaves_it_unanswered(string body, int code)
    {
        var (_, interaction) = await ClickAsync();

        Assert.Equal((400, code), await _discord.RefusedAsync("POST", Callback(interaction), body));
        await AnswerAsync(interaction, """{"type":6}""");
    }

    [Theory]
    [InlineData("""{"label":"Leave"}""", 409)]
    [InlineData("""{"customId":"nothing"}""", 404)]
    public async Task What_cannot_be_clicked_is_said(string what, int status)
    {
        var body = (JsonObject)JsonNode.Parse(what)!;
        body["messageId"] = _message;
        body["userId"] = StandIn.Ben;
        using var answer = await StandIn.SendAsync(_discord.Fake, "POST", "clicks", body.ToJsonString());

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_command_comes_as_its_subcommand_with_its_options()
    {
        var registered = await PutCommandsAsync();
        var seen = CommandAsync("games new", $$"""{"title":"🎲🎲🎲🎲🎲","with":"{{StandIn.Anna}}"}""");
        var interaction = await _client.NextAsync("INTERACTION_CREATE");
        await AnswerAsync(interaction, """{"type":4,"data":{"content":"made"}}""");

        Assert.Equal(("message", "made"), Outcome(await seen));
        var data = interaction["data"]!;
        Assert.Equal((string?)registered["list"]![0]!["id"], (string?)data["id"]);
        Assert.Equal(
            [("title", 3, "🎲🎲🎲🎲🎲"), ("with", 6, StandIn.Anna)],
            data["options"]![0]!["options"]!.AsArray().Select(option => ((string?)option!["name"], (int)option["type"]!, (string?)option["value"])));
        Assert.Equal("anna", (string?)data["resolved"]!["users"]![StandIn.Anna]!["username"]);
    }

    [Theory]
    [InlineData("games new", "{}", 400)]
    [InlineData("games new", """{"title":"too long"}""", 400)]
    [InlineData("games new", """{"title":"a","other":"b"}""", 400)]
    [InlineData("games old", "{}", 400)]
    [InlineData("nothing", "{}", 404)]
    public async Task A_command_that_the_client_would_not_send_is_refused(string name, string options, int status)
    {
        await PutCommandsAsync();
        using var answer = await StandIn.SendAsync(_discord.Fake, "POST", "commands", CommandBody(name, options));

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Commands_are_replaced_as_a_whole_and_keep_their_ids()
    {
        var first = (string?)(await PutCommandsAsync())["list"]![0]!["id"];
        var again = await PutCommandsAsync();
        var listed = await _discord.OkAsync("GET", CommandsPath);
        await _discord.OkAsync("PUT", CommandsPath, "[]");

        Assert.Equal(first, (string?)again["list"]![0]!["id"]);
        Assert.Equal(again.ToJsonString(), listed.ToJsonString());
        Assert.Empty((await _discord.OkAsync("GET", CommandsPath))["list"]!.AsArray());
    }

    [Theory]
    [InlineData("""[{"name":"Games","description":"x"}]""")]
    [InlineData("""[{"name":"games","description":""}]""")]
    [InlineData("""[{"name":"a","description":"x"},{"name":"a","description":"x"}]""")]
    [InlineData("""
        [{"name":"a","description":"x","options":[
          {"type":3,"name":"b","description":"x"},{"type":3,"name":"c","description":"x","required":true}]}]
        """)]
    public async Task A_command_that_Discord_would_not_take_is_50035(string body) =>
        Assert.Equal((400, 50035), await _discord.RefusedAsync("PUT", CommandsPath, body));

    [Fact]
    public async Task A_modal_is_shown_filled_in_and_submitted()
    {
        var (seen, opening) = await ClickAsync();
        await AnswerAsync(opening, Modal);
        var shown = await seen;
        Assert.Equal(("modal", "A game"), ((string?)shown["outcome"], (string?)shown["modal"]!["title"]));
        var submitting = _discord.FakeAsync("POST", "modals", $$"""{"interactionId":"{{shown["interactionId"]}}","values":{"title":"Raid"} }""");

        var interaction = await _client.NextAsync("INTERACTION_CREATE");
        await AnswerAsync(interaction, """{"type":7,"data":{"content":"Raid"}}""");

        Assert.Equal((5, "Raid"), ((int)interaction["type"]!, (string?)interaction["data"]!["components"]![0]!["components"]![0]!["value"]));
        Assert.Equal(("updated", "Raid"), Outcome(await submitting));
    }

    private static string CommandsPath => $"applications/{StandIn.BotId}/guilds/{StandIn.Guild}/commands";

    private Task<JsonObject> PutCommandsAsync() => _discord.OkAsync("PUT", CommandsPath, Commands);

    private Task<JsonObject> CommandAsync(string name, string options) => _discord.FakeAsync("POST", "commands", CommandBody(name, options));

    private static string CommandBody(string name, string options) =>
        $$"""{"guildId":"{{StandIn.Guild}}","channelId":"{{StandIn.Channel}}","userId":"{{StandIn.Ben}}","name":"{{name}}","options":{{options}}}""";

    private async Task<(Task<JsonObject> Seen, JsonObject Interaction)> ClickAsync()
    {
        var seen = _discord.FakeAsync("POST", "clicks", $$"""{"messageId":"{{_message}}","userId":"{{StandIn.Ben}}","label":"Join"}""");
        return (seen, await _client.NextAsync("INTERACTION_CREATE"));
    }

    private Task<JsonObject> AnswerAsync(JsonObject interaction, string body) => _discord.OkAsync("POST", Callback(interaction), body);

    private static string Callback(JsonObject interaction) => $"interactions/{interaction["id"]}/{interaction["token"]}/callback";

    private static string Webhook(JsonObject interaction) => $"webhooks/{StandIn.BotId}/{interaction["token"]}";

    private static (string?, string?) Outcome(JsonObject seen) => ((string?)seen["outcome"], (string?)seen["text"]);
}
