using System.Net;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bot;

/// <summary>A Discord that refuses the bot, falls silent or goes away, and comes back. Long waits are short here.</summary>
public sealed class DiscordOutageTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly HurriedTime Hurried = new(TimeSpan.FromSeconds(15), 10);

    [Fact]
    public async Task A_token_that_is_refused_makes_the_bot_not_ready_until_it_is_taken_again()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, Hurried, """{"kind":"unauthorized"}""");
        var id = await delivery.Night.CreateAsync();
        using var http = delivery.Night.Http();
        await Until.TrueAsync(async () => await IsReadyAsync(http) is (HttpStatusCode.ServiceUnavailable, _), "it is not ready");
        await Until.TrueAsync(
            async () => await http.GetStringAsync("/status") is var status && status.Contains("refuses the token") && status.Contains("401"),
            "it says why");
        Assert.Null((await delivery.Night.AnnouncementAsync(id))?.Failure);

        await delivery.Discord.PutFaultsAsync("");

        await Until.TrueAsync(async () => await IsReadyAsync(http) is (HttpStatusCode.OK, _), "it is ready again");
        await delivery.DeliveredAsync(id);
        await delivery.HearsAsync();
        Assert.DoesNotContain(delivery.Night.Log, line => line.Contains("a.test.token"));
    }

    [Fact]
    public async Task A_gateway_that_has_refused_the_token_is_asked_again_as_soon_as_requests_are()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, Hurried);
        using var http = delivery.Night.Http();
        await delivery.HearsAsync();
        await delivery.Discord.PutFaultsAsync("""{"kind":"unauthorized"},{"kind":"dropGateway"}""");
        await Until.TrueAsync(async () => await IsReadyAsync(http) is (HttpStatusCode.ServiceUnavailable, _), "it is not ready");
        await Until.TrueAsync(() => delivery.Errors.Any(line => line.Contains("4004")), "the gateway has refused it");

        await delivery.Discord.PutFaultsAsync("");

        await Until.TrueAsync(async () => await IsReadyAsync(http) is (HttpStatusCode.OK, _), "it is ready again", TimeSpan.FromSeconds(15));
        await delivery.HearsAsync();
    }

    [Fact]
    public async Task A_database_that_was_away_is_said_to_be_back_while_the_gateway_is_held()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.HearsAsync();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var end = new NpgsqlCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'Games.Bot%'",
            connection);
        await using var expired = new NpgsqlCommand("SELECT expires_at < now() - interval '2 s' FROM leases WHERE name = 'gateway'", connection);

        await using (await RefusedConnections.ToAsync(database.ConnectionString))
        {
            await end.ExecuteScalarAsync();
            // By then its holder has let it go, and has tried to take it again.
            await Until.TrueAsync(async () => await expired.ExecuteScalarAsync() is true, "the gateway's lease has expired");
        }

        await Until.TrueAsync(() => delivery.Night.Log.Any(line => line.Contains("The database is available again")), "it is said to be back");
    }

    [Fact]
    public async Task A_bot_that_the_gateway_refused_is_ready_once_another_is_heard()
    {
        await using var refused = await DeliveryNight.StartAsync(
            database.ConnectionString, Hurried, """{"kind":"refuseIdentify","closeCode":4014,"times":1}""");
        using var http = refused.Night.Http();
        // Until its bus has started it is not ready for another reason.
        await Until.TrueAsync(() => refused.Errors.Any(line => line.Contains("4014") && line.Contains("MESSAGE CONTENT INTENT")), "it is told of");
        await Until.TrueAsync(async () => await IsReadyAsync(http) is (HttpStatusCode.ServiceUnavailable, _), "it is not ready");
        // By the time of its next try another holds it.
        await refused.Night.ExecuteAsync(
            "UPDATE leases SET owner = $1, fence = fence + 1, expires_at = now() + interval '5 min' WHERE name = 'gateway'", Guid.NewGuid());

        await Until.TrueAsync(async () => await IsReadyAsync(http) is (HttpStatusCode.OK, _), "it is ready", TimeSpan.FromSeconds(60));

        await refused.Night.ExecuteAsync("DELETE FROM leases WHERE name = 'gateway' AND owner <> $1", Guid.Empty);
    }

    [Theory]
    [InlineData(""" "kind":"timeoutAfterSuccess","times":1 """, """ "kind":"timeout","times":1 """)]
    [InlineData(""" "kind":"timeout","times":1 """, """ "kind":"timeoutAfterSuccess","times":1 """)]
    [InlineData(""" "kind":"error","status":500,"code":130000,"times":2 """, """ "kind":"error","status":502,"times":3 """)]
    [InlineData(""" "kind":"disconnect","times":3 """, """ "kind":"disconnectAfterSuccess","times":2 """)]
    public async Task What_fails_for_a_while_is_tried_again_ever_less_often_and_is_there_once(string post, string edit)
    {
        await using var delivery = await DeliveryNight.StartAsync(
            database.ConnectionString, Hurried,
            $$"""{"method":"POST","path":"/messages",{{post}}},{"method":"PATCH","path":"/channels/",{{edit}}}""");
        var id = await delivery.Night.CreateAsync();
        var posted = await delivery.DeliveredAsync(id);

        await delivery.Night.JoinAsync(id, StandIn.Ben);

        var edited = await delivery.DeliveredAsync(id);
        DeliveryNight.FieldOf(edited, "Players 1/5");
        Assert.Equal((string?)posted["id"], (string?)edited["id"]);
        Assert.Empty((await delivery.Discord.FakeAsync("GET", "faults"))["faults"]!.AsArray());
        Assert.Equal(0, (await delivery.Night.AnnouncementAsync(id))!.Attempts);
        Assert.Empty(delivery.Errors);
    }

    [Theory]
    [InlineData("""{"kind":"dropGateway"}""")]
    [InlineData("""{"kind":"reconnect"}""")]
    [InlineData("""{"kind":"invalidSession","resumable":true}""")]
    [InlineData("""{"kind":"closeGateway","closeCode":4000}""")]
    [InlineData("""{"kind":"closeGateway","closeCode":4008}""")]
    [InlineData("""{"kind":"dropGateway"},{"kind":"refuseGateway","times":2}""")]
    [InlineData("""{"kind":"dropGateway"},{"kind":"noHello","times":1}""")]
    [InlineData("""{"kind":"dropGateway"},{"kind":"duplicateDispatch","event":"MESSAGE_CREATE"}""")]
    public async Task A_connection_that_ends_misses_nothing_and_is_the_same_session(string fault)
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString, Hurried);
        string[] texts = [.. Enumerable.Range(0, 3).Select(_ => $"{Guid.NewGuid()}")];
        await delivery.Discord.WriteAsync(texts[0]);
        await delivery.Discord.PutFaultsAsync(fault);
        await delivery.Discord.WriteAsync(texts[1]);
        await delivery.HearsAsync(times: 2);
        await delivery.Discord.WriteAsync(texts[2]);

        await Until.TrueAsync(
            async () => await delivery.Night.CountAsync("SELECT count(*) FROM discord_messages WHERE content = ANY ($1)", texts) == 3,
            "all are stored");
        Assert.Equal(1, (int)(await delivery.Discord.FakeAsync("GET", "statistics"))["gateway"]!["identifies"]!);
    }

    private static async Task<(HttpStatusCode Status, string Body)> IsReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/ready");
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
