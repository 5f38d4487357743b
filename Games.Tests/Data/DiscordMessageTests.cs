using System.Text.Json;
using Games.Data;

namespace Games.Tests.Data;

public sealed class DiscordMessageTests
{
    private const string Id = "400000000000000001";
    private const string AuthorId = "300000000000000001";

    private static readonly DateTimeOffset Now = NewGame.Now;

    [Fact]
    public void A_message_is_kept_as_it_was_written()
    {
        var message = With(
            guildId: NewGame.GuildId, authorName: "Ada 🎲", sentAt: Now.AddTicks(-1), attachments: ["""{"id":"1"}""", """{"id":"2"}"""],
            embeds: ["""{"title":"a"}"""], editedAt: Now.AddTicks(19), isForwarded: true, raw: """{"x": 1}""");

        Assert.Equal(
            (Id, NewGame.ChannelId, NewGame.GuildId, AuthorId, "Ada 🎲", "hello"),
            (message.MessageId, message.ChannelId, message.GuildId, message.AuthorId, message.AuthorName, message.Content));
        Assert.Equal((Now.AddTicks(-10), Now.AddTicks(10), null), (message.SentAt, message.EditedAt, message.DeletedAt));
        Assert.Equal(
            ("""[{"id":"1"},{"id":"2"}]""", """[{"title":"a"}]""", """{"x": 1}""", true),
            (message.Attachments, message.Embeds, message.Raw, message.IsForwarded));
        Assert.Equal(("[]", "[]", null), (With().Attachments, With().Embeds, With().EditedAt));
    }

    [Theory]
    [InlineData("messageId")]
    [InlineData("channelId")]
    [InlineData("guildId")]
    [InlineData("authorId")]
    public void An_id_that_is_none_is_named(string field)
    {
        Assert.Equal($"A Discord message is not valid: {field} must be a Discord id: a string of 17 to 20 digits.", Refused(field, "ada").Message);
        Assert.Equal($"A Discord message is not valid: {field} is missing.", Refused(field, "").Message);

        static InvalidDiscordMessageException Refused(string field, string id) => IsRefused(() => With(
            messageId: field is "messageId" ? id : Id, channelId: field is "channelId" ? id : NewGame.ChannelId,
            guildId: field is "guildId" ? id : null, authorId: field is "authorId" ? id : AuthorId));
    }

    [Fact]
    public void Only_a_deleted_message_may_be_without_author_and_content()
    {
        var deleted = With(authorId: null, content: null, deletedAt: Now.AddTicks(19));

        Assert.Equal((null, "", Now.AddTicks(10)), (deleted.AuthorId, deleted.Content, deleted.DeletedAt));
        IsRefused(() => With(authorId: "ada", deletedAt: Now), "authorId must be a Discord id");
        IsRefused(() => With(authorId: null), "authorId is missing");
        IsRefused(() => With(content: null), "content is empty");
        IsRefused(() => With(content: "", attachments: [], embeds: [], stickers: []), "content is empty, and there is no attachment");
    }

    [Fact]
    public void One_thing_to_see_is_enough()
    {
        With(content: "", attachments: ["{}"]);
        With(content: "", embeds: ["{}"]);
        With(content: "", stickers: ["{}"]);
        With(content: "", poll: "{}");
        With(content: "", isForwarded: true);
    }

    [Fact]
    public void A_time_may_lie_five_minutes_ahead_as_clocks_differ()
    {
        var ahead = Now.AddMinutes(5);
        With(sentAt: ahead, editedAt: ahead, deletedAt: ahead);

        var later = ahead.AddTicks(1);
        IsRefused(() => With(sentAt: later), "sentAt lies in the future (2030-06-01T12:05:00.0000001+00:00)");
        IsRefused(() => With(editedAt: later), "editedAt lies in the future");
        IsRefused(() => With(deletedAt: later), "deletedAt lies in the future");
        IsRefused(() => With(sentAt: default(DateTimeOffset)), "sentAt is missing");
    }

    [Fact]
    public void Text_that_PostgreSQL_cannot_store_is_named()
    {
        // In an attribute of a theory half of a pair would become U+FFFD.
        foreach (var (text, rule) in new[]
        {
            ("a\0b", "must not hold the character U+0000"), ("\0", "must not hold the character U+0000"),
            ("a\ud83c", "holds half of a surrogate pair at 1"), ("🎲\udfb2", "holds half of a surrogate pair at 2"),
            ("\ud83c\ud83c\udfb2", "holds half of a surrogate pair at 0"), ("\udfb2", "holds half of a surrogate pair at 0"),
        })
        {
            IsRefused(() => With(content: text), $"content {rule}");
            IsRefused(() => With(authorName: text), $"authorName {rule}");
        }
    }

    [Theory]
    [InlineData("""{"a":"x\u0000"}""")]
    [InlineData("""{"a\u0000":1}""")]
    [InlineData("""{"a":[{"b":["\u0000"]}]}""")]
    [InlineData("""{"a":"\ud83c"}""")]
    [InlineData("""{"\udfb2":1}""")]
    public void So_is_JSON_that_jsonb_refuses_however_deep_it_is(string json)
    {
        IsRefused(() => With(attachments: ["{}", json]), "attachments ");
        IsRefused(() => With(embeds: [json]), "embeds ");
        IsRefused(() => With(stickers: [json]), "stickers ");
        IsRefused(() => With(poll: json), "poll ");
        IsRefused(() => With(raw: json), "raw ");
    }

    [Theory]
    [InlineData("""{"a":"\ud83c"}""")]
    [InlineData("""{"\udfb2":1}""")]
    public void Half_of_a_surrogate_pair_is_called_that(string json) =>
        IsRefused(() => With(embeds: [json]), "embeds holds half of a surrogate pair");

    [Fact]
    public void The_event_as_it_came_is_an_object_and_an_element_without_a_value_is_missing()
    {
        IsRefused(() => With(raw: "[]"), "raw must be a JSON object");
        IsRefused(() => Create(attachments: [default]), "attachments is missing");
    }

    private static DiscordMessage With(
        string? messageId = Id, string? channelId = NewGame.ChannelId, string? guildId = null, string? authorId = AuthorId,
        string? authorName = "Ada", string? content = "hello", DateTimeOffset? sentAt = null, string[]? attachments = null, string[]? embeds = null,
        string[]? stickers = null, string? poll = null, bool isForwarded = false, DateTimeOffset? editedAt = null, DateTimeOffset? deletedAt = null,
        string raw = "{}")
    {
        return DiscordMessage.Create(
            messageId, channelId, guildId, authorId, authorName, content, sentAt ?? Now, Parsed(attachments), Parsed(embeds), Parsed(stickers),
            poll is null ? null : JsonElement.Parse(poll), isForwarded, editedAt, deletedAt, JsonElement.Parse(raw), Now);

        static JsonElement[]? Parsed(string[]? texts) => texts?.Select(text => JsonElement.Parse(text)).ToArray();
    }

    private static DiscordMessage Create(JsonElement[] attachments) => DiscordMessage.Create(
        Id, NewGame.ChannelId, null, AuthorId, "Ada", "hello", Now, attachments, null, null, null, false, null, null, JsonElement.Parse("{}"), Now);

    private static InvalidDiscordMessageException IsRefused(Func<object> create, string rule = "")
    {
        var refused = Assert.Throws<InvalidDiscordMessageException>(create);
        Assert.StartsWith($"A Discord message is not valid: {rule}", refused.Message, StringComparison.Ordinal);
        return refused;
    }
}
