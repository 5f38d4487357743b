using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>What people type: who may do what, and what cannot be.</summary>
public sealed class CommandTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Manager = "440000000000000001";
    private const string Admin = "440000000000000002";

    [Theory]
    [InlineData(NewGame.HostId, PeopleOnDiscord.Member, true)]
    [InlineData(Manager, PeopleOnDiscord.Member | PeopleOnDiscord.ManageEvents, true)]
    [InlineData(Admin, 1UL << 3, true)]
    [InlineData(StandIn.Ben, PeopleOnDiscord.Member, false)]
    public async Task The_host_may_cancel_and_whoever_manages_events(string user, ulong permissions, bool may)
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        // Whoever owns a server may everything there.
        await delivery.Discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}", """{"ownerId":"300000000000000005"}""");
        await delivery.Discord.AddMemberAsync(user, permissions);
        var id = await delivery.Night.CreateAsync();

        var seen = await delivery.Discord.CommandAsync(user, "games cancel", new() { ["game"] = $"{id}" });

        Assert.Contains(may ? "is cancelled" : "Only its host", (string?)seen["text"]);
        Assert.Equal(may ? GameStatus.Cancelled : GameStatus.Scheduled, (await delivery.Night.GameAsync(id)).Status);
    }

    [Fact]
    public async Task Whoever_manages_events_in_one_channel_cancels_no_game_of_another()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        await delivery.Discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}", """{"ownerId":"300000000000000005"}""");
        await delivery.Discord.AddMemberAsync(Manager, PeopleOnDiscord.Member | PeopleOnDiscord.ManageEvents);
        var (id, channel) = await delivery.CreateAsync((await delivery.AddChannelsAsync(1))[0]);

        var seen = await delivery.Discord.CommandAsync(Manager, "games cancel", new() { ["game"] = $"{id}" });

        Assert.Contains($"in <#{channel}>, somebody who may manage events there", (string?)seen["text"]);
        Assert.Equal(GameStatus.Scheduled, (await delivery.Night.GameAsync(id)).Status);
    }

    [Theory]
    [InlineData("title", "   ", "needs a title")]
    [InlineData("title", "two\nlines", "needs a title")]
    [InlineData("when", "tomorrow", "do not understand when")]
    [InlineData("when", "2031-01-31 20:00", "do not understand when")]
    [InlineData("when", "0001-01-01 00:00 +14:00", "do not understand when")]
    [InlineData("when", "2020-01-31 20:00 +01:00", "in the future")]
    [InlineData("when", "9999-06-01 20:00 +01:00", "in the future")]
    [InlineData("players", "0", "1 to 100 seats")]
    [InlineData("players", "101", "1 to 100 seats")]
    [InlineData("players", "two", "1 to 100 seats")]
    [InlineData("where", "a\u0000b", "one line")]
    [InlineData("where", "two\nlines", "one line")]
    [InlineData("description", "a\u0000b", "description has")]
    public async Task What_no_game_can_have_is_a_sentence(string field, string value, string sentence)
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var form = await delivery.Discord.CommandAsync(StandIn.Ben, "games new");
        Dictionary<string, string> values = new() { ["title"] = "Chess", ["when"] = "2031-01-31 20:00 +01:00", [field] = value };

        var seen = await delivery.Discord.SubmitAsync(form, [.. values.Select(x => (x.Key, x.Value))]);

        Assert.Contains(sentence, (string?)seen["text"]);
        Assert.Empty(delivery.Errors);
    }

    [Fact]
    public async Task Outside_a_server_there_is_no_list_and_ones_own_games_are_those_of_all_servers()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync(NewGame.With(title: "Tea").Details);
        await delivery.Night.JoinAsync(id, StandIn.Ben);

        Assert.Contains("on servers", await TextAsync("games list"));
        Assert.Contains("Tea", await TextAsync("games mine"));
        var form = await delivery.Discord.CommandAsync(StandIn.Ben, "games new", isDirect: true);
        var made = await delivery.Discord.SubmitAsync(form, ("title", "Chess"), ("when", "2031-01-31 20:00 +01:00"));
        Assert.Contains("in a channel of a server", (string?)made["text"]);
        Assert.Contains("do not know this game", await TextAsync("games cancel", new() { ["game"] = $"{id}" }));
        Assert.Empty(delivery.Errors);

        async Task<string?> TextAsync(string name, JsonObject? options = null) =>
            (string?)(await delivery.Discord.CommandAsync(StandIn.Ben, name, options, isDirect: true))["text"];
    }

    [Fact]
    public async Task A_reason_that_is_too_long_is_a_sentence()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();

        var seen = await delivery.Discord.CommandAsync(NewGame.HostId, "games cancel", new() { ["game"] = $"{id}", ["reason"] = "a\0b" });

        Assert.Contains("at most 500", (string?)seen["text"]);
        Assert.Empty(delivery.Errors);
    }

    [Fact]
    public async Task A_form_that_comes_again_after_a_death_makes_no_second_game()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var form = await delivery.Discord.CommandAsync(StandIn.Ben, "games new");
        // As if the bot had died when the game was made and nobody told of it yet.
        await delivery.Discord.PutFaultsAsync("""{"kind":"timeout","method":"PATCH","path":"/webhooks/"}""");
        var title = $"{Guid.NewGuid()}";
        var submitted = delivery.Discord.SubmitAsync(form, ("title", title), ("when", "2031-01-31 20:00 +01:00"));
        await Until.TrueAsync(async () => await CountAsync() == 1, "the game is made");
        await delivery.Night.DisposeAsync();
        await delivery.Discord.PutFaultsAsync("");

        await using var heir = new GameNight(
            database.ConnectionString, ("Discord:Token", "a.test.token"), ("Discord:BaseAddress", $"{delivery.Discord.Address}/api/v10"),
            ("Discord:Channels:0", StandIn.Channel));

        var seen = await submitted;
        Assert.Contains("is made", (string?)seen["text"]);
        Assert.InRange((double)seen["milliseconds"]!, 0, 15_000);
        Assert.Equal(1, await CountAsync());

        async Task<long> CountAsync()
        {
            await using var source = Npgsql.NpgsqlDataSource.Create(database.ConnectionString);
            await using var command = source.CreateCommand("SELECT count(*) FROM games WHERE title = $1");
            command.Parameters.Add(new() { Value = title });
            return (long)(await command.ExecuteScalarAsync())!;
        }
    }
}
