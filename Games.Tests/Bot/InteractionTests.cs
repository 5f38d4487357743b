using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Bot;

/// <summary>People in the stand-in click and type, and the bot hears and answers them.</summary>
public sealed class InteractionTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_click_on_Join_takes_a_seat_and_one_on_Leave_gives_it_back()
    {
        await using var delivery = await HearingAsync();
        var id = await delivery.Night.CreateAsync(NewGame.With(maxPlayers: 1).Details);
        var message = await delivery.DeliveredAsync(id);

        var joined = await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join");
        Assert.Equal("ephemeral", (string?)joined["outcome"]);
        Assert.StartsWith("You have a seat in **Friday raid**", (string?)joined["text"]);
        Assert.StartsWith("You have a seat", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join"))["text"]);
        Assert.Contains("waiting list, at place 1", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Anna, "Join"))["text"]);
        Assert.Contains("not on the list", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Leave"))["text"]);

        Assert.Equal([StandIn.Anna], (await delivery.Night.GameAsync(id)).Playing.Select(x => x.UserId));
        await delivery.DeliveredAsync(id);
    }

    [Fact]
    public async Task A_click_on_a_game_that_is_closed_or_gone_is_answered_with_a_sentence()
    {
        await using var delivery = await HearingAsync();
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);

        // The message says otherwise for a moment: nothing is edited meanwhile.
        await delivery.Discord.PutFaultsAsync("""{"kind":"rateLimit","method":"PATCH","path":"/channels/","retryAfter":60}""");
        await delivery.Night.DoAsync(games => games.CancelAsync(id, null, "x", default));
        Assert.Equal("This game is not open any more.", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join"))["text"]);

        await delivery.Night.ExecuteAsync("UPDATE games SET guild_id = '100000000000000009' WHERE id = $1", id);
        Assert.Equal("I do not know this game any more.", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join"))["text"]);
    }

    [Fact]
    public async Task Commands_list_make_and_cancel_games()
    {
        await using var delivery = await HearingAsync();

        var form = await delivery.Discord.CommandAsync(StandIn.Ben, "games new", null);
        Assert.Equal("modal", (string?)form["outcome"]);
        var made = await delivery.Discord.SubmitAsync(
            form, ("title", "Chess _night_"), ("when", "2031-01-31 20:00 +01:00"), ("players", "2"));
        Assert.Contains("is made", (string?)made["text"]);
        var game = await delivery.Night.InScopeAsync(scope =>
            ((GamesDbContext)scope.GetService(typeof(GamesDbContext))!).Games.AsNoTracking().SingleAsync(x => x.Title == "Chess _night_"));
        Assert.Equal((2, StandIn.Ben, 60), (game.MaxPlayers, game.HostId, game.Reminders.Single()));
        await delivery.DeliveredAsync(game.Id);

        Assert.Contains("Chess \\_night\\_", (string?)(await delivery.Discord.CommandAsync(StandIn.Anna, "games list", null))["text"]);
        Assert.Contains("Chess", (string?)(await delivery.Discord.CommandAsync(StandIn.Ben, "games mine", null))["text"]);
        var options = new JsonObject { ["game"] = $"{game.Id}", ["reason"] = "no time" };
        Assert.Contains("Only its host", (string?)(await delivery.Discord.CommandAsync("300000000000000003", "games cancel", options))["text"]);
        Assert.Contains("is cancelled", (string?)(await delivery.Discord.CommandAsync(StandIn.Ben, "games cancel", options))["text"]);
        Assert.Equal("no time", (await delivery.Night.GameAsync(game.Id)).CancelReason);
    }

    [Fact]
    public async Task What_is_written_in_a_kept_channel_is_stored_and_nothing_is_missed_over_a_drop()
    {
        await using var delivery = await HearingAsync();
        await delivery.Discord.WriteAsync("before");
        await StoredAsync(delivery, "before");

        await delivery.Discord.PutFaultsAsync("""{"kind":"dropGateway"}""");
        await delivery.Discord.WriteAsync("meanwhile");

        await StoredAsync(delivery, "meanwhile");
        Assert.Equal(1, await delivery.Night.CountAsync("SELECT count(*) FROM gateway_sessions WHERE sequence > $1", 1L));
    }

    private Task<DeliveryNight> HearingAsync() => DeliveryNight.HearingAsync(database.ConnectionString);

    private static Task StoredAsync(DeliveryNight delivery, string text) => Until.TrueAsync(
        async () => await delivery.Night.CountAsync("SELECT count(*) FROM discord_messages WHERE content = $1", text) == 1, $"\"{text}\" is stored");
}
