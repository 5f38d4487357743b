extern alias Ops;

using System.Text.Json;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Tests.Ops;

/// <summary>What the console says and does of what Discord has refused or has not got yet.</summary>
public sealed class DeliveryOfTheBotTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Forbidden = """{"kind":"error","path":"/messages","status":403,"code":50013,"message":"Missing Permissions"}""";

    private readonly Doctor _doctor = new(database.ConnectionString, ApiHost.NoBroker);

    [Fact]
    public async Task A_refused_announcement_is_named_with_its_reason_and_retried_when_its_cause_is_mended()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, Forbidden);
        Guid[] ids = [await delivery.Night.CreateAsync(), await delivery.Night.CreateAsync()];
        foreach (var id in ids)
            await delivery.FailureAsync(id);

        var found = await FindingAsync("announcements");
        Assert.Equal("wrong", found.GetProperty("state").GetString());
        var saw = found.GetProperty("saw").GetString()!;
        Assert.All(ids, id => Assert.Contains($"game {id} in channel 200000000000000001: 403 50013: Missing Permissions", saw));
        Assert.Contains("./games announcements retry --all", found.GetProperty("toDo").GetString());

        await delivery.Discord.PutFaultsAsync("");
        Assert.Equal([$"The announcement of game {ids[0]} is tried again."], (await RunAsync("announcements", "retry", $"{ids[0]}")).Output);
        Assert.Equal(["Tried again: 1 announcement."], (await RunAsync("announcements", "retry", "--all")).Output);

        foreach (var id in ids)
            await delivery.DeliveredAsync(id);
        Assert.Equal("ok", (await FindingAsync("announcements")).GetProperty("state").GetString());
        var again = await RunAsync("announcements", "retry", $"{ids[0]}");
        Assert.Equal((1, true), (again.ExitCode, Assert.Single(again.Errors).Contains("has not refused")));
    }

    [Fact]
    public async Task A_bot_that_does_not_reach_Discord_is_named_with_its_reason()
    {
        await using (var delivery = await DeliveryNight.StartAsync(database.ConnectionString, """{"kind":"unauthorized"}"""))
        {
            await Until.TrueAsync(
                async () => (await FindingAsync("discord")).GetProperty("saw").GetString()!.Contains("401"), "the doctor says what the bot meets");
            Assert.Equal("wrong", (await FindingAsync("discord")).GetProperty("state").GetString());
        }

        await using var connected = await DeliveryNight.HearingAsync(database.ConnectionString);
        await Until.TrueAsync(
            async () => (await FindingAsync("discord")).GetProperty("saw").GetString() == "1 with a token, connected",
            "the doctor sees it connected");
    }

    [Fact]
    public async Task What_waits_for_Discord_for_minutes_is_told_to_whoever_watches_but_the_bot_stays_ready()
    {
        const string Broken = """{"kind":"error","path":"/messages","status":503}""";
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, Broken);
        var id = await delivery.Night.CreateAsync();
        await delivery.Night.AnnouncedAsync(id);

        Assert.Equal(HealthStatus.Healthy, await delivery.Night.HealthAsync("announcements"));
        await delivery.Night.ExecuteAsync("UPDATE announcements SET changed_at = now() - interval '6 min' WHERE game_id = $1", id);
        Assert.Equal(HealthStatus.Unhealthy, await delivery.Night.HealthAsync("announcements"));
        using var http = delivery.Night.Http();
        Assert.DoesNotContain("\"announcements\"", await http.GetStringAsync("/health/ready", TestContext.Current.CancellationToken));

        await delivery.Discord.PutFaultsAsync("");
        await delivery.DeliveredAsync(id);
        Assert.Equal(HealthStatus.Healthy, await delivery.Night.HealthAsync("announcements"));
    }

    [Fact]
    public async Task Of_many_the_newest_are_named_and_of_closed_games_those_of_the_last_days()
    {
        await using var night = new GameNight(database.ConnectionString);
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await night.CreateAsync());
            await night.AnnouncedAsync(ids[i]);
            await night.ExecuteAsync($"UPDATE announcements SET failure = 'no', changed_at = now() - interval '{i} h' WHERE game_id = $1", ids[i]);
        }

        await night.ExecuteAsync("UPDATE announcements SET is_open = false, changed_at = now() - interval '8 d' WHERE game_id = $1", ids[0]);

        var saw = (await FindingAsync("announcements")).GetProperty("saw").GetString()!;
        Assert.StartsWith($"Discord has refused 4. The newest 3: game {ids[1]} ", saw);
        Assert.DoesNotContain($"{ids[4]}", saw);
        await night.ExecuteAsync("UPDATE announcements SET failure = NULL, delivered_version = version WHERE failure = $1", "no");
    }

    [Fact]
    public async Task What_has_waited_for_minutes_is_said_and_is_not_wrong()
    {
        await using var night = new GameNight(database.ConnectionString);
        var id = await night.CreateAsync();
        await night.AnnouncedAsync(id);
        Assert.Contains("none has waited", (await FindingAsync("announcements")).GetProperty("saw").GetString());
        await night.ExecuteAsync("UPDATE announcements SET changed_at = now() - interval '5 min' WHERE game_id = $1", id);

        var found = await FindingAsync("announcements");

        Assert.Equal("ok", found.GetProperty("state").GetString());
        Assert.StartsWith("1 not in Discord yet, the oldest for 5 min", found.GetProperty("saw").GetString());
        await night.ExecuteAsync("UPDATE announcements SET delivered_version = version WHERE game_id = $1", id);
    }

    [Fact]
    public async Task Once_Discord_says_that_they_are_too_many_no_channel_of_direct_messages_is_opened_for_anybody()
    {
        const string TooMany = """{"kind":"error","path":"/users/@me/channels","status":403,"code":40003,"message":"too fast"}""";
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, TooMany);
        var id = await delivery.Night.CreateAsync();
        foreach (var user in new[] { StandIn.Anna, StandIn.Ben, "300000000000000003" })
            await delivery.Night.JoinAsync(id, user);

        await delivery.Night.DoAsync(games => games.CancelAsync(id, null, "x", default));

        await Until.TrueAsync(async () => (await delivery.ToldAsync(id)).Count(x => x.NextAttemptAt is not null) == 3, "all are put off");
        Assert.Single((await delivery.Discord.FakeAsync("GET", "requests?path=users/@me/channels"))["list"]!.AsArray());
        Assert.All(await delivery.ToldAsync(id), told => Assert.Equal(((string?)null, 0), (told.Failure, told.Attempts)));
        await delivery.Night.ExecuteAsync("DELETE FROM direct_messages WHERE game_id = $1", id);
    }

    [Fact]
    public async Task A_direct_message_that_its_user_does_not_take_is_named_and_is_not_wrong()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.Discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/members/{StandIn.Ben}", """{"acceptsDms":false}""");
        var id = await delivery.Night.CreateAsync();
        await delivery.Night.JoinAsync(id, StandIn.Ben);
        await delivery.Night.DoAsync(games => games.CancelAsync(id, null, "x", default));
        await Until.TrueAsync(async () => await delivery.ToldAsync(id) is [{ Failure: not null }], "it is given up");

        var found = await FindingAsync("direct messages");

        Assert.Equal("ok", found.GetProperty("state").GetString());
        Assert.Contains($"to user {StandIn.Ben} of game {id}: 403 50007", found.GetProperty("saw").GetString());
        await delivery.Night.ExecuteAsync("DELETE FROM direct_messages WHERE game_id = $1", id);
    }

    [Theory]
    [InlineData]
    [InlineData("--all", "0198c0de-0000-7000-8000-000000000007")]
    public async Task One_game_or_all_are_named(params string[] arguments)
    {
        var outcome = await RunAsync(["announcements", "retry", .. arguments]);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("Name one game by its id, or all by --all.", Assert.Single(outcome.Errors));
    }

    private async Task<JsonElement> FindingAsync(string subject) =>
        Assert.Single((await _doctor.ExamineAsync()).Findings, finding => finding.GetProperty("subject").GetString() == subject);

    private Task<ServiceProcess.Outcome> RunAsync(params string[] arguments) => _doctor.RunAsync(arguments);
}
