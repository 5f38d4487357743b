using System.Text.RegularExpressions;
using Games.Data;

namespace Games.Tests.Data;

public sealed class ApiKeyTests
{
    private const string Guild = "100000000000000001";

    private static readonly DateTimeOffset Now = NewGame.Now;

    [Fact]
    public void A_new_key_is_well_formed_and_a_scanner_for_leaked_secrets_finds_it()
    {
        var key = ApiKeyText.New();

        Assert.True(ApiKeyText.IsWellFormed(key));
        Assert.Matches(new Regex("^games_[0-9a-f]{64}$"), key);
        Assert.NotEqual(key, ApiKeyText.New());
    }

    [Theory]
    [InlineData("games_", 63, "a")]
    [InlineData("games_", 65, "a")]
    [InlineData("games_", 64, "A")]
    [InlineData("games_", 64, "g")]
    [InlineData("GAMES_", 64, "a")]
    [InlineData("other_", 64, "a")]
    [InlineData("", 70, "a")]
    [InlineData("", 0, "")]
    public void Another_text_is_none_and_costs_no_question_to_the_database(string prefix, int length, string digit) =>
        Assert.False(ApiKeyText.IsWellFormed(prefix + string.Concat(Enumerable.Repeat(digit, length))));

    [Fact]
    public void A_key_keeps_its_hash_its_scopes_and_its_guilds_once_each_and_when_it_ends()
    {
        var key = With([Scope.GamesRead, Scope.GamesWrite, Scope.GamesRead], [Guild, Guild], expiresAt: Now.AddDays(1).AddTicks(19));

        Assert.Equal(("bot", Now, Now.AddDays(1).AddTicks(10)), (key.Name, key.CreatedAt, key.ExpiresAt));
        Assert.Equal(ApiKeyText.HashOf("games_1"), key.Hash);
        Assert.NotEqual(ApiKeyText.HashOf("games_2"), key.Hash);
        Assert.Equal([Scope.GamesRead, Scope.GamesWrite], key.Scopes);
        Assert.Equal([Guild], key.Guilds);
        Assert.Null(With([Scope.Ops]).ExpiresAt);
    }

    [Fact]
    public void A_key_of_all_guilds_may_have_every_scope() => Assert.Equal(Scope.All, With(Scope.All).Scopes);

    [Theory]
    [InlineData("name", "")]
    [InlineData("name", "  ")]
    public void A_key_has_a_name(string field, string name) => IsRefused(field, () => With([Scope.Ops], name: name));

    [Fact]
    public void A_name_has_at_most_100_characters()
    {
        Assert.Equal(100, With([Scope.Ops], name: new string('x', 100)).Name.Length);

        IsRefused("name", () => With([Scope.Ops], name: new string('x', 101)));
    }

    [Theory]
    [InlineData]
    [InlineData("games:delete")]
    [InlineData("games:read", "games:delete")]
    public void Scopes_that_are_not_there_are_refused_by_a_sentence_that_lists_those_that_are(params string[] scopes)
    {
        var refused = IsRefused("scopes", () => With(scopes));

        Assert.StartsWith(
            "Scopes are: games:read, games:write, events:read, events:publish, events:internal, ops.", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Scope.EventsRead)]
    [InlineData(Scope.EventsPublish)]
    [InlineData(Scope.EventsInternal)]
    [InlineData(Scope.Ops)]
    public void A_key_for_some_guilds_reaches_nothing_of_the_others(string wide)
    {
        var refused = IsRefused("scopes", () => With([Scope.GamesRead, wide], [Guild]));

        Assert.StartsWith($"A key for some guilds cannot have {wide}, which knows no guilds.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guild_is_a_Discord_id_and_the_refusal_says_what_that_is()
    {
        var refused = IsRefused("guilds", () => With([Scope.GamesRead], ["my guild"]));

        Assert.StartsWith("A Discord id has 17 to 20 digits.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_revoked_once_and_keeps_the_first_time()
    {
        var key = With([Scope.Ops]);
        Assert.Null(key.RevokedAt);

        key.Revoke(Now.AddMinutes(1));
        key.Revoke(Now.AddMinutes(2));

        Assert.Equal(Now.AddMinutes(1), key.RevokedAt);
    }

    private static ApiKey With(IEnumerable<string> scopes, string[]? guilds = null, string name = "bot", DateTimeOffset? expiresAt = null) =>
        ApiKey.Create(name, "games_1", scopes, guilds ?? [], expiresAt, Now);

    private static ArgumentException IsRefused(string field, Func<object> create)
    {
        var refused = Assert.ThrowsAny<ArgumentException>(create);
        Assert.Equal(field, refused.ParamName);
        return refused;
    }
}
