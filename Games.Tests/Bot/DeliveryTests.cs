using System.Net;
using Games.Tests.Data;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>What reaches Discord of what is wanted: each test with a stand-in of its own.</summary>
public sealed class DeliveryTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_game_is_posted_changed_and_closed_in_one_message()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        var night = delivery.Night;
        var id = await night.CreateAsync();

        var posted = await delivery.DeliveredAsync(id);
        Assert.Equal("Friday raid", DeliveryNight.Title(posted));
        Assert.Equal("<t:1925060400:F> (<t:1925060400:R>)", DeliveryNight.FieldOf(posted, "When"));
        Assert.Equal("Nobody yet", DeliveryNight.FieldOf(posted, "Players 0/5"));

        await night.DoAsync(games => games.JoinAsync(id, StandIn.Ben, "Ben_*", "x", default));
        await night.ChangeAsync(id, details => details with { Title = "Saturday raid" });
        var changed = await delivery.DeliveredAsync(id);
        Assert.Equal((string?)posted["id"], (string?)changed["id"]);
        Assert.Equal("Saturday raid", DeliveryNight.Title(changed));
        Assert.Equal("Ben\\_\\*", DeliveryNight.FieldOf(changed, "Players 1/5"));
        Assert.True(DeliveryNight.HasButtons(changed));

        await night.DoAsync(games => games.CancelAsync(id, "the host is ill", "x", default));
        var closed = await delivery.DeliveredAsync(id);
        Assert.Equal("~~Saturday raid~~", DeliveryNight.Title(closed));
        Assert.False(DeliveryNight.HasButtons(closed));
    }

    [Fact]
    public async Task A_game_of_one_server_is_not_posted_in_a_channel_of_another()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.Discord.FakeAsync("PUT", "guilds/100000000000000002", """{"name":"another"}""");
        var details = NewGame.With().Details;

        var id = (await delivery.Night.DoAsync(games => games.CreateAsync(
            "100000000000000002", NewGame.ChannelId, NewGame.HostId, details, "somebody", default))).Id;

        Assert.Equal("Its channel is none of its server 100000000000000002.", await delivery.FailureAsync(id));
        Assert.Empty(await delivery.MessagesAsync(id));
    }

    [Fact]
    public async Task There_is_a_link_to_the_calendar_where_people_reach_the_API()
    {
        await using var delivery = await DeliveryNight.StartAsync(
            database.ConnectionString, null, ("Discord:PublicBaseAddress", "https://games.example"));
        var id = await delivery.Night.CreateAsync();

        var posted = await delivery.DeliveredAsync(id);

        var secret = (await delivery.Night.AnnouncementAsync(id))!.CalendarSecret;
        Assert.Matches("^calendar_[0-9a-f]{64}$", secret);
        Assert.Equal(
            $"https://games.example/games/{id}/calendar.ics?secret={secret}", (string?)posted["components"]![0]!["components"]![2]!["url"]);
    }

    [Fact]
    public async Task Twenty_who_join_at_once_are_few_edits_and_the_last_says_all()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        await delivery.DeliveredAsync(id);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => delivery.Night.JoinAsync(id, $"{410000000000000000 + number}")));

        var message = await delivery.DeliveredAsync(id);
        DeliveryNight.FieldOf(message, "Players 5/5");
        DeliveryNight.FieldOf(message, "Waiting 15");
        Assert.InRange(await EditsAsync(delivery), 1, 2);
    }

    [Theory]
    [InlineData("""{"kind":"disconnectAfterSuccess","method":"POST","times":1}""")]
    [InlineData("""{"kind":"disconnect","method":"POST","times":2}""")]
    [InlineData("""{"kind":"error","method":"POST","status":503,"times":2}""")]
    [InlineData("""{"kind":"rateLimit","method":"POST","retryAfter":1,"times":2}""")]
    public async Task Whatever_becomes_of_the_first_try_there_is_one_message(string fault)
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, fault);

        await delivery.DeliveredAsync(await delivery.Night.CreateAsync());
    }

    [Fact]
    public async Task What_may_have_been_posted_long_ago_is_looked_for_first()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var first = await delivery.DeliveredAsync(id);

        await delivery.Night.ExecuteAsync(
            """
            UPDATE announcements SET message_id = NULL, delivered_version = 0, post_started_at = now() - interval '10 min',
                reposts = reposts + 5
            WHERE game_id = $1
            """,
            id);

        Assert.Equal((string?)first["id"], (string?)(await delivery.DeliveredAsync(id))["id"]);
    }

    [Fact]
    public async Task A_message_that_somebody_deletes_is_posted_anew_once()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var first = await delivery.DeliveredAsync(id);

        await delivery.Discord.OkAsync("DELETE", $"{StandIn.Messages}/{first["id"]}");
        await delivery.Night.JoinAsync(id, StandIn.Ben);
        await Until.TrueAsync(async () => (await delivery.MessagesAsync(id)).Length == 1, "it is there again");
        var second = await delivery.DeliveredAsync(id);
        Assert.NotEqual((string?)first["id"], (string?)second["id"]);

        await delivery.Discord.OkAsync("DELETE", $"{StandIn.Messages}/{second["id"]}");
        await delivery.Night.JoinAsync(id, StandIn.Anna);
        Assert.Contains("deleted", await delivery.FailureAsync(id));
        Assert.Empty(await delivery.MessagesAsync(id));
    }

    [Fact]
    public async Task A_channel_that_is_gone_or_forbidden_is_recorded_and_holds_no_other()
    {
        await using var delivery = await DeliveryNight.StartAsync(
            database.ConnectionString,
            """{"kind":"error","path":"/channels/200000000000000002","status":403,"code":50001,"message":"Missing Access"}""");
        var gone = await CreateAsync(delivery, "200000000000009999");
        var forbidden = await CreateAsync(delivery, "200000000000000002");

        await delivery.DeliveredAsync(await delivery.Night.CreateAsync());

        Assert.Contains("10003", await delivery.FailureAsync(gone));
        Assert.Contains("50001", await delivery.FailureAsync(forbidden));
    }

    [Fact]
    public async Task A_slow_channel_holds_no_other()
    {
        await using var delivery = await DeliveryNight.StartAsync(
            database.ConnectionString, """{"kind":"latency","path":"/channels/200000000000000002","milliseconds":10000}""");
        await CreateAsync(delivery, "200000000000000002");

        for (var i = 0; i < 3; i++)
            await delivery.DeliveredAsync(await delivery.Night.CreateAsync());

        Assert.Equal(1, await delivery.Night.CountAsync(
            "SELECT count(*) FROM leases WHERE name = $1 AND expires_at > now()", "channel 200000000000000002"));
    }

    [Fact]
    public async Task A_token_that_is_refused_makes_the_bot_not_ready_and_says_why()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, """{"kind":"unauthorized"}""");
        var id = await delivery.Night.CreateAsync();
        using var http = delivery.Night.Http();

        await Until.TrueAsync(async () => (await http.GetStringAsync("/status")).Contains("refuses the token"), "it says so");

        using var ready = await http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Null((await delivery.Night.AnnouncementAsync(id))?.Failure);
        Assert.DoesNotContain(delivery.Night.Log, line => line.Contains("a.test.token"));
    }

    [Fact]
    public async Task What_a_dead_bot_was_at_is_taken_over_when_its_lease_is_over()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.Night.ExecuteAsync(
            """
            INSERT INTO leases (name, owner, fence, expires_at) VALUES ('channel 200000000000000001', $1, 7, now() + interval '3 s')
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = leases.fence + 1, expires_at = excluded.expires_at
            """,
            Guid.NewGuid());
        var id = await delivery.Night.CreateAsync();
        await delivery.Night.AnnouncedAsync(id);
        Assert.Equal(0, (await delivery.Night.AnnouncementAsync(id))!.DeliveredVersion);

        await delivery.DeliveredAsync(id);
    }

    [Fact]
    public async Task People_are_told_by_direct_message_and_who_takes_none_is_recorded()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.Discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/members/{StandIn.Ben}", """{"acceptsDms":false}""");
        var id = await delivery.Night.CreateAsync();
        await delivery.Night.JoinAsync(id, StandIn.Anna);
        await delivery.Night.JoinAsync(id, StandIn.Ben);

        await delivery.Night.DoAsync(games => games.CancelAsync(id, null, "x", default));

        await Until.TrueAsync(async () => await delivery.ToldAsync(id) is [{ SentAt: not null }, { Failure: not null }], "one is told");
        Assert.Contains("50007", (await delivery.ToldAsync(id))[1].Failure);
        var dms = (await delivery.Discord.FakeAsync("GET", $"dms/{StandIn.Anna}")).ToJsonString();
        Assert.Contains("is cancelled.", dms);
        Assert.Equal(1, await delivery.Night.CountAsync("SELECT count(*) FROM direct_message_channels WHERE user_id = $1", StandIn.Anna));
    }

    private static async Task<Guid> CreateAsync(DeliveryNight delivery, string channel) => (await delivery.CreateAsync(channel)).Id;

    private static async Task<int> EditsAsync(DeliveryNight delivery) =>
        (await delivery.Discord.FakeAsync("GET", "requests?method=PATCH"))["list"]?.AsArray().Count ?? throw new InvalidOperationException();
}
