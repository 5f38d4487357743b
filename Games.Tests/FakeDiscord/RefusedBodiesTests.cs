using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Games.Tests.FakeDiscord;

/// <summary>What Discord refuses of a message, and in which words.</summary>
public sealed class RefusedBodiesTests : IAsyncLifetime
{
    private StandIn _discord = null!;

    public async ValueTask InitializeAsync() => _discord = await StandIn.StartAsync();

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Theory]
    [InlineData("""{"content":"{x2001}"}""", "content", "BASE_TYPE_MAX_LENGTH")]
    [InlineData("""{"content":["a"]}""", "content", "STRING_TYPE_CONVERT")]
    [InlineData("""{"embeds":[{"title":"{x257}"}]}""", "embeds.0.title", "BASE_TYPE_MAX_LENGTH")]
    [InlineData("""{"embeds":[{"title":"a"},{"description":"{x4097}"}]}""", "embeds.1.description", "BASE_TYPE_MAX_LENGTH")]
    [InlineData("""{"embeds":[{"fields":[{"name":"a","value":"{x1025}"}]}]}""", "embeds.0.fields.0.value", "BASE_TYPE_MAX_LENGTH")]
    [InlineData("""{"embeds":[{"fields":[{"name":" ","value":"b"}]}]}""", "embeds.0.fields.0.name", "BASE_TYPE_REQUIRED")]
    [InlineData("""{"embeds":[{"fields":[{"name":"a"}]}]}""", "embeds.0.fields.0.value", "BASE_TYPE_REQUIRED")]
    [InlineData("""{"embeds":[{"fields":[{field26}]}]}""", "embeds.0.fields", "BASE_TYPE_BAD_LENGTH")]
    [InlineData("""{"embeds":[{"description":"{x4000}"},{"description":"{x2001}"}]}""", "embeds", "MAX_EMBED_SIZE_EXCEEDED")]
    [InlineData("""{"embeds":[{"title":"a","color":16777216}]}""", "embeds.0.color", "NUMBER_TYPE_MAX")]
    [InlineData("""{"embeds":[{"title":"a","timestamp":"soon"}]}""", "embeds.0.timestamp", "DATE_TIME_TYPE_PARSE")]
    [InlineData("""{"embeds":[{"footer":{"text":"{x2049}"}}]}""", "embeds.0.footer.text", "BASE_TYPE_MAX_LENGTH")]
    [InlineData("""{"embeds":{}}""", "embeds", "LIST_TYPE_CONVERT")]
    [InlineData("""{"content":"a","components":[{"type":2,"style":1,"label":"a","custom_id":"b"}]}""", "components.0.type", "BASE_TYPE_CHOICES")]
    [InlineData("""{"content":"a","components":[{row6}]}""", "components.0.components", "BASE_TYPE_BAD_LENGTH")]
    [InlineData("""{"content":"a","components":[{"type":1,"components":[]}]}""", "components.0.components", "BASE_TYPE_BAD_LENGTH")]
    [InlineData("""{"content":"a","components":[{"type":1,"components":[{"type":2,"style":1,"label":"a"}]}]}""",
        "components.0.components.0.custom_id", "BASE_TYPE_REQUIRED")]
    [InlineData("""{"content":"a","components":[{"type":1,"components":[{"type":2,"style":5,"label":"a","custom_id":"b","url":"https://x.y"}]}]}""",
        "components.0.components.0.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE")]
    [InlineData("""{"content":"a","components":[{"type":1,"components":[{"type":2,"style":5,"label":"a","url":"ftp://x.y"}]}]}""",
        "components.0.components.0.url", "URL_TYPE_INVALID_SCHEME")]
    [InlineData("""{"content":"a","components":[{"type":1,"components":[{"type":2,"style":1,"label":"{x81}","custom_id":"b"}]}]}""",
        "components.0.components.0.label", "BASE_TYPE_MAX_LENGTH")]
    [InlineData("""
        {"content":"a","components":[{"type":1,"components":[
          {"type":2,"style":1,"label":"a","custom_id":"b"},{"type":2,"style":1,"label":"c","custom_id":"b","disabled":true}]}]}
        """, "components.0.components.1.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED")]
    [InlineData("""{"content":"a","components":[{"type":1,"components":[{"type":2,"style":1,"label":"a","custom_id":"b","customId":"c"}]}]}""",
        "components.0.components.0.customId", "UNKNOWN_FIELD")]
    [InlineData("""{"content":"a","allowed_mentions":{"parse":["users"],"users":["300000000000000001"]}}""",
        "allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE")]
    [InlineData("""{"content":"a","nonce":"{x26}"}""", "nonce", "NONCE_TYPE_TOO_LONG")]
    public async Task A_body_is_refused_by_a_tree_of_its_own_shape(string body, string path, string code)
    {
        using var answer = await StandIn.SendAsync(_discord.Bot, "POST", StandIn.Messages, Filled(body));
        var refusal = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal((50035, "Invalid Form Body"), ((int)refusal["code"]!, (string?)refusal["message"]));
        var node = path.Split('.').Aggregate(refusal["errors"], (node, part) => node?[part]);
        Assert.Equal(code, (string?)node?["_errors"]?[0]?["code"]);
    }

    [Theory]
    [InlineData("""{"content":"{🎲2000}"}""")]
    [InlineData("""{"embeds":[{"title":"{🎲256}","description":"{🎲4096}","fields":[{"name":"{🎲256}","value":"{🎲1024}"}]}]}""")]
    [InlineData("""{"embeds":[{"title":"  {x256}  "}]}""")]
    public async Task Limits_are_in_code_points_of_what_is_trimmed(string body) => await _discord.OkAsync("POST", StandIn.Messages, Filled(body));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"content":" "}""")]
    [InlineData("""{"content":null,"embeds":[],"components":[]}""")]
    [InlineData("""{"embeds":[{}]}""")]
    public async Task A_message_with_nothing_in_it_is_50006(string body) =>
        Assert.Equal((400, 50006), await _discord.RefusedAsync("POST", StandIn.Messages, body));

    [Fact]
    public async Task An_edit_may_not_empty_a_message_and_then_changes_nothing()
    {
        var id = (string)(await _discord.PostAsync("hello"))["id"]!;

        Assert.Equal((400, 50006), await _discord.RefusedAsync("PATCH", $"{StandIn.Messages}/{id}", """{"content":""}"""));
        Assert.Equal("hello", (string?)(await _discord.OkAsync("GET", $"{StandIn.Messages}/{id}"))["content"]);
    }

    [Theory]
    [InlineData("GET", "channels/200000000000000009", 404, 10003)]
    [InlineData("GET", "guilds/100000000000000009", 404, 10004)]
    [InlineData("GET", "guilds/100000000000000001/members/300000000000000009", 404, 10007)]
    [InlineData("GET", "users/300000000000000009", 404, 10013)]
    [InlineData("PATCH", "channels/200000000000000001/messages/900000000000000009", 404, 10008, "{}")]
    [InlineData("DELETE", "channels/200000000000000001/messages/900000000000000009", 404, 10008)]
    [InlineData("POST", "channels/200000000000000009/messages", 404, 10003, "{}")]
    [InlineData("POST", "channels/200000000000000001/messages", 400, 50109, "{")]
    [InlineData("POST", "channels/200000000000000001/messages", 400, 50035, "[]")]
    [InlineData("GET", "channels/here/messages", 400, 50035)]
    [InlineData("POST", "users/@me/channels", 404, 10013, """{"recipient_id":"300000000000000009"}""")]
    [InlineData("POST", "interactions/1/x/callback", 404, 10062, """{"type":4}""")]
    [InlineData("GET", "webhooks/900000000000000001/x/messages/@original", 401, 50027)]
    [InlineData("PUT", "applications/900000000000000009/commands", 403, 20012, "[]")]
    [InlineData("GET", "nothing", 404, 0)]
    [InlineData("PUT", "gateway/bot", 405, 0)]
    public async Task What_is_not_there_has_its_code(string method, string path, int status, int code, string? body = null) =>
        Assert.Equal((status, code), await _discord.RefusedAsync(method, path, body));

    [Fact]
    public async Task Without_a_token_nothing_is_answered_but_the_address_of_the_gateway()
    {
        _discord.Bot.DefaultRequestHeaders.Authorization = null;

        Assert.Equal((401, 0), await _discord.RefusedAsync("GET", "users/@me"));
        Assert.StartsWith("ws://", (string?)(await _discord.OkAsync("GET", "gateway"))["url"]);
    }

    [Fact]
    public async Task Without_the_User_Agent_of_a_bot_it_is_Cloudflare_that_refuses()
    {
        _discord.Bot.DefaultRequestHeaders.UserAgent.Clear();

        Assert.Equal((403, 40333), await _discord.RefusedAsync("GET", "users/@me"));
    }

    [Fact]
    public async Task What_is_no_JSON_is_refused_by_its_content_type()
    {
        using var answer = await _discord.Bot.PostAsync(StandIn.Messages, new StringContent("content=a"));

        Assert.Equal(50035, (int)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"]!);
    }

    [Theory]
    [InlineData("1024", "0", 403, 50001)]
    [InlineData("2048", "0", 403, 50013)]
    public async Task What_the_bot_may_not_do_in_a_channel_it_is_told(string deny, string allow, int status, int code)
    {
        await _discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/channels/{StandIn.Channel}",
            $$"""{"overwrites":[{"id":"{{StandIn.BotId}}","deny":"{{deny}}","allow":"{{allow}}"}]}""");

        Assert.Equal((status, code), await _discord.RefusedAsync("POST", StandIn.Messages, """{"content":"a"}"""));
        var channel = (await _discord.FakeAsync("GET", "state"))["guilds"]![0]!["channels"]![0]!;
        Assert.Equal(
            $$"""[{"id":"{{StandIn.BotId}}","allow":"{{allow}}","deny":"{{deny}}"}]""", channel["overwrites"]!.ToJsonString());
    }

    [Fact]
    public async Task Only_its_author_edits_a_message()
    {
        var message = await _discord.FakeAsync(
            "POST", "messages", $$"""{"channelId":"{{StandIn.Channel}}","userId":"{{StandIn.Ben}}","content":"hi"}""");

        Assert.Equal((403, 50005), await _discord.RefusedAsync("PATCH", $"{StandIn.Messages}/{message["id"]}", """{"content":"a"}"""));
        Assert.Equal((403, 50013), await _discord.RefusedAsync("DELETE", $"{StandIn.Messages}/{message["id"]}"));
    }

    [Fact]
    public async Task A_user_who_takes_no_DMs_has_a_channel_that_refuses_them()
    {
        await _discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/members/{StandIn.Ben}", """{"acceptsDms":false}""");
        var dm = await _discord.OkAsync("POST", "users/@me/channels", $$"""{"recipient_id":"{{StandIn.Ben}}"}""");

        Assert.Equal((403, 50007), await _discord.RefusedAsync("POST", $"channels/{dm["id"]}/messages", """{"content":"a"}"""));
    }

    private static string Filled(string body)
    {
        const string Field = """{"name":"a","value":"b"}""";
        body = body.Replace("{field26}", string.Join(',', Enumerable.Repeat(Field, 26)));
        var buttons = Enumerable.Range(1, 6).Select(i => $$"""{"type":2,"style":1,"label":"a","custom_id":"{{i}}"}""");
        body = body.Replace("{row6}", $$"""{"type":1,"components":[{{string.Join(',', buttons)}}]}""");
        return System.Text.RegularExpressions.Regex.Replace(body, @"\{(x|🎲)(\d+)\}", match =>
            string.Concat(Enumerable.Repeat(match.Groups[1].Value, int.Parse(match.Groups[2].Value))));
    }
}
