using System.Net;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>What becomes of the delivery over time: a refusal that is mended, rows that are old.</summary>
public sealed class DeliveryUpkeepTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Without_a_token_one_line_says_so_and_everything_else_works()
    {
        await using var night = new GameNight(database.ConnectionString);
        var id = await night.CreateAsync();

        await night.AnnouncedAsync(id);

        Assert.Equal(0, (await night.AnnouncementAsync(id))!.DeliveredVersion);
        Assert.Single(night.Log, line => line.Contains("Discord:Token is not set"));
        using var http = night.Http();
        Assert.Equal(HttpStatusCode.OK, await IsReadyAsync(http));
    }

    [Fact]
    public async Task What_was_refused_is_tried_again_when_the_game_has_changed()
    {
        await using var delivery = await DeliveryNight.StartAsync(
            database.ConnectionString, """{"kind":"error","path":"/messages","status":403,"code":50013,"message":"Missing Permissions"}""");
        var id = await delivery.Night.CreateAsync();
        Assert.Contains("50013", await delivery.FailureAsync(id));
        await delivery.Discord.PutFaultsAsync("");
        Assert.NotNull((await delivery.Night.AnnouncementAsync(id))!.Failure);

        await delivery.Night.JoinAsync(id, StandIn.Ben);

        DeliveryNight.FieldOf(await delivery.DeliveredAsync(id), "Players 1/5");
        Assert.Null((await delivery.Night.AnnouncementAsync(id))!.Failure);
    }

    [Fact]
    public async Task A_Discord_that_has_forgotten_the_commands_is_told_them_with_the_next_session()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        Task KnownAsync() => Until.TrueAsync(
            async () => (await delivery.Discord.FakeAsync("GET", "state"))["guilds"]![0]!["commands"]!.AsArray().Count == 1,
            "the commands are known");
        await KnownAsync();

        await delivery.Discord.FakeAsync("DELETE", "");

        await KnownAsync();
    }

    [Fact]
    public async Task A_channel_for_direct_messages_that_is_gone_is_opened_again()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.Night.ExecuteAsync(
            """
            INSERT INTO direct_message_channels (user_id, channel_id) VALUES ($1, '200000000000009998')
            ON CONFLICT (user_id) DO UPDATE SET channel_id = excluded.channel_id
            """,
            StandIn.Anna);
        var id = await delivery.Night.CreateAsync();
        await delivery.Night.JoinAsync(id, StandIn.Anna);

        await delivery.Night.DoAsync(games => games.CancelAsync(id, null, "x", default));

        await Until.TrueAsync(async () => await delivery.ToldAsync(id) is [{ SentAt: not null, Failure: null }], "she is told");
    }

    [Fact]
    public async Task What_was_said_long_ago_is_deleted_and_so_are_leases_that_nobody_holds()
    {
        var time = new HurriedTime(TimeSpan.FromMinutes(40), 36_000);
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, time);
        var id = await delivery.Night.CreateAsync();
        await delivery.Night.ExecuteAsync(
            """
            INSERT INTO direct_messages (id, game_id, user_id, text, created_at, sent_at, failure)
            SELECT gen_random_uuid(), $1, '400000000000000009', said, now() - age::interval, sent, failure
            FROM (VALUES ('old', '31 days', now(), NULL), ('refused', '31 days', NULL, '50007'), ('waits', '31 days', NULL, NULL),
                ('new', '29 days', now(), NULL)) AS rows (said, age, sent, failure)
            """,
            id);
        await delivery.Night.ExecuteAsync(
            """
            INSERT INTO leases (name, owner, fence, expires_at)
            SELECT name, $1, 7, now() - age::interval FROM (VALUES ('user 1', '25 hours'), ('user 2', '23 hours')) AS rows (name, age)
            """,
            Guid.NewGuid());

        await Until.TrueAsync(async () => await CountAsync("direct_messages WHERE game_id = $1", id) == 1, "the old ones are deleted");
        await Until.TrueAsync(async () => await CountAsync("leases WHERE name = $1", "user 1") == 0, "the old lease is deleted");

        Assert.Equal("new", Assert.Single(await delivery.ToldAsync(id)).Text);
        Assert.Equal(1, await CountAsync("leases WHERE name = $1", "user 2"));

        Task<long> CountAsync(string from, object parameter) => delivery.Night.CountAsync($"SELECT count(*) FROM {from}", parameter);
    }

    private static async Task<HttpStatusCode> IsReadyAsync(HttpClient http)
    {
        using var ready = await http.GetAsync("/health/ready");
        return ready.StatusCode;
    }
}
