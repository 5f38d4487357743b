using System.Net;
using Games.DiscordClient.Rest;
using Games.Tests.Api;
using Microsoft.Extensions.Logging;

namespace Games.Tests.DiscordClient;

/// <summary>What goes over the wire, and what a caller gets.</summary>
public sealed class RestCallTests : IAsyncDisposable
{
    private readonly ScriptedDiscord _discord = new();

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Fact]
    public async Task A_message_is_created_as_Discord_wants_it()
    {
        var message = await _discord.Client().CreateMessageAsync(
            "2",
            new MessageBody
            {
                Embeds = [new() { Title = "Raid", Fields = [new("Players", "0/5")], Footer = new("1") }],
                Components = [Component.Row(Component.Button(ButtonStyle.Success, "Join", "join:1"))],
                Nonce = "n",
                EnforceNonce = true,
            },
            default);

        Assert.Equal("1", message.Id);
        var request = Assert.Single(_discord.Requests);
        Assert.Equal(("POST", "/api/v10/channels/2/messages", "Bot the.secret.token"), (request.Method, request.Path, request.Authorization));
        Assert.Equal(
            """
            {"embeds":[{"title":"Raid","footer":{"text":"1"},"fields":[{"name":"Players","value":"0/5","inline":false}]}],
            "components":[{"type":1,"components":[{"type":2,"style":3,"label":"Join","custom_id":"join:1","disabled":false}]}],
            "allowed_mentions":{"parse":[]},"nonce":"n","enforce_nonce":true}
            """.ReplaceLineEndings(""),
            request.Body);
    }

    [Fact]
    public async Task Each_call_has_its_path_and_those_of_an_interaction_need_no_token()
    {
        var client = _discord.Client();
        await client.EditMessageAsync("2", "1", new MessageBody { Content = "" }, default);
        await client.GetMessageAsync("2", "1", default);
        await client.DeleteMessageAsync("2", "1", default);
        await client.OpenDirectMessagesAsync("3", default);
        await client.GetCurrentUserAsync(default);
        await client.AnswerInteractionAsync("4", "t", InteractionAnswer.Private("yes"), default);
        await client.EditAnswerAsync("5", "t", new() { Content = "yes" }, default);
        await client.FollowUpAsync("5", "t", new() { Content = "yes" }, default);
        _discord.Answer = context => ScriptedDiscord.Json(context, 200, "[]");
        await client.ListMessagesAsync("2", "9", 50, default);
        await client.GetCommandsAsync("5", null, default);
        await client.SetCommandsAsync("5", "6", [], default);
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 200,
            """{"url":"wss://g","shards":2,"session_start_limit":{"total":1000,"remaining":9,"reset_after":1,"max_concurrency":16}}""");
        Assert.Equal(new GatewayBot("wss://g", 2, new(1000, 9, 1, 16)), await client.GetGatewayAsync(default));

        Assert.Equal(
            [
                "PATCH /api/v10/channels/2/messages/1 Bot", "GET /api/v10/channels/2/messages/1 Bot", "DELETE /api/v10/channels/2/messages/1 Bot",
                "POST /api/v10/users/@me/channels Bot", "GET /api/v10/users/@me Bot", "POST /api/v10/interactions/4/t/callback ",
                "PATCH /api/v10/webhooks/5/t/messages/@original ", "POST /api/v10/webhooks/5/t ",
                "GET /api/v10/channels/2/messages?limit=50&before=9 Bot", "GET /api/v10/applications/5/commands Bot",
                "PUT /api/v10/applications/5/guilds/6/commands Bot", "GET /api/v10/gateway/bot Bot",
            ],
            _discord.Requests.Select(x => $"{x.Method} {x.Path} {x.Authorization.Split(' ')[0]}"));
    }

    [Theory]
    [InlineData(404, 10008, "Unknown Message", false)]
    [InlineData(403, 50007, "Cannot send messages to this user", false)]
    [InlineData(503, 0, "Service Unavailable", true)]
    [InlineData(403, 0, "Forbidden", true)]
    [InlineData(404, 0, "Not Found", true)]
    [InlineData(500, 130000, "overloaded", true)]
    public async Task An_error_says_status_code_and_whether_to_try_again(int status, int code, string error, bool isRetryable)
    {
        _discord.Answer = context => code == 0
            ? ScriptedDiscord.Json(context, status, "<html>")
            : ScriptedDiscord.Json(context, status, $$"""{"code":{{code}},"message":"{{error}}"}""");

        var failure = await Assert.ThrowsAsync<DiscordApiException>(() => _discord.Client().GetMessageAsync("2", "1", default));

        Assert.Equal(((HttpStatusCode)status, code, isRetryable), (failure.Status, failure.Code, failure.IsRetryable));
        Assert.Contains(error, failure.Message);
    }

    [Fact]
    public async Task An_error_that_repeats_the_token_does_not_show_it()
    {
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 401, $$$"""{"code":0,"message":"wrong: {{{ScriptedDiscord.Token}}}","errors":{"a":"{{{ScriptedDiscord.Token}}}"} }""");

        var failure = await Assert.ThrowsAsync<DiscordApiException>(() => _discord.Client().GetCurrentUserAsync(default));

        Assert.DoesNotContain("secret", failure.ToString());
    }

    [Fact]
    public async Task Nothing_that_is_logged_holds_a_token()
    {
        var log = new RecordedLog();
        using var factory = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        var answers = 0;
        _discord.Answer = context => answers++ == 0
            ? ScriptedDiscord.Json(context, 429, """{"retry_after":0}""")
            : ScriptedDiscord.Json(context, 404, """{"code":10062}""");

        var failure = await Assert.ThrowsAsync<DiscordApiException>(() => _discord.Client(logger: factory.CreateLogger<DiscordRestClient>())
            .AnswerInteractionAsync("4", "interaction.secret", InteractionAnswer.Private("yes"), default));

        Assert.NotEmpty(log.Lines);
        Assert.DoesNotContain("secret", string.Join("\n", [failure.ToString(), .. log.Lines]));
    }

    [Fact]
    public async Task An_answer_that_never_comes_leaves_the_outcome_unknown()
    {
        var never = new TaskCompletionSource();
        _discord.Answer = _ => never.Task;

        var call = _discord.Client().CreateMessageAsync("2", new MessageBody { Content = "x" }, default);
        await Until.TrueAsync(() => _discord.Requests.Count == 1, "it is asked");
        _discord.Time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(call.IsCompleted);
        _discord.Time.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<DiscordOutcomeUnknownException>(() => call);
        never.SetResult();
    }

    [Fact]
    public async Task The_answer_to_an_interaction_is_given_up_after_two_seconds()
    {
        var never = new TaskCompletionSource();
        _discord.Answer = _ => never.Task;

        var call = _discord.Client().AnswerInteractionAsync("4", "t", InteractionAnswer.DeferredPrivate, default);
        await Until.TrueAsync(() => _discord.Requests.Count == 1, "it is asked");
        _discord.Time.Advance(TimeSpan.FromSeconds(2.1));

        await Assert.ThrowsAsync<DiscordOutcomeUnknownException>(() => call);
        never.SetResult();
    }

    [Fact]
    public async Task A_connection_that_is_lost_after_the_request_leaves_the_outcome_unknown()
    {
        _discord.Answer = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        await Assert.ThrowsAsync<DiscordOutcomeUnknownException>(() => _discord.Client().CreateMessageAsync("2", new MessageBody(), default));
    }

    [Fact]
    public async Task Half_an_answer_leaves_the_outcome_unknown()
    {
        _discord.Answer = context => ScriptedDiscord.Json(context, 200, """{"id":"1","chan""");

        await Assert.ThrowsAsync<DiscordOutcomeUnknownException>(() => _discord.Client().CreateMessageAsync("2", new MessageBody(), default));
    }

    [Fact]
    public async Task A_server_that_is_not_there_has_done_nothing()
    {
        var client = _discord.Client();
        await _discord.DisposeAsync();

        await Assert.ThrowsAsync<DiscordUnreachableException>(() => client.CreateMessageAsync("2", new MessageBody(), default));
    }

    [Fact]
    public async Task Who_has_nothing_to_say_any_more_sends_nothing()
    {
        Assert.Null(await _discord.Client().CreateMessageAsync("2", _ => default, null, default));
        Assert.Empty(_discord.Requests);
    }
}
