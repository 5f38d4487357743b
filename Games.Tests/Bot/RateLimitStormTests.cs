using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>A Discord that refuses.</summary>
public sealed class RateLimitStormTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    /// <summary>1 % of the 10,000 after which Discord bans an address.</summary>
    private const int MaxInvalid = 100;

    [Theory]
    [InlineData("""{"kind":"rateLimit","path":"/channels/","retryAfter":4.5}""")]
    [InlineData("""{"kind":"rateLimit","path":"/messages","retryAfter":4.5}""")]
    [InlineData("""{"kind":"rateLimit","path":"/messages","retryAfter":0.3,"headerRetryAfter":5}""")]
    [InlineData("""{"kind":"rateLimit","path":"/messages","retryAfter":4.5,"scope":"global"}""")]
    public async Task In_a_storm_of_refusals_nothing_comes_early_little_is_refused_and_nothing_is_lost(string storm)
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString, storm);
        var channels = await delivery.AddChannelsAsync(30);
        var games = await Task.WhenAll(Enumerable.Range(0, 60).Select(number => delivery.CreateAsync(channels[number % channels.Length])));

        // As long as it lasts some ask again, and are refused again.
        await Until.TrueAsync(
            async () => (await delivery.Discord.RequestsAsync(null, "/channels/")).Where(x => x.Status == 429).Select(x => x.At).ToArray()
                is { Length: >= 5 } times && times[^1] - times[0] > TimeSpan.FromSeconds(3),
            "it is refused for a while");
        await delivery.Discord.PutFaultsAsync("");

        foreach (var (id, channel) in games)
            await delivery.PostedOnceAsync(id, channel);
        var (refused, early, invalid) = await StatisticsAsync(delivery);
        Assert.True(early == "[]", $"{storm}: {early}");
        Assert.InRange(invalid, 1, MaxInvalid - 1);
        Assert.InRange(refused, 5, MaxInvalid - 1);
        Assert.Equal(0, await delivery.Night.CountAsync("SELECT count(*) FROM announcements WHERE failure IS NOT NULL AND $1 = 1", 1));
        Assert.Empty(delivery.Errors);
    }

    [Fact]
    public async Task An_old_messages_limit_of_edits_is_waited_out_with_the_newest_state()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        // Longer than the client waits by itself: it is postponed in the table.
        await delivery.Discord.PutFaultsAsync(
            $$"""{"kind":"rateLimit","method":"PATCH","path":"/messages/{{message["id"]}}","code":30046,"retryAfter":11,"times":1}""");

        await delivery.Night.JoinAsync(id, StandIn.Anna);
        await Until.TrueAsync(async () => await delivery.Night.AnnouncementAsync(id) is { NextAttemptAt: not null }, "it is postponed");
        await delivery.Night.JoinAsync(id, StandIn.Ben);
        await delivery.Night.ChangeAsync(id, details => details with { Title = "Sunday raid" });

        var edited = await delivery.DeliveredAsync(id);
        Assert.Equal("Sunday raid", DeliveryNight.Title(edited));
        DeliveryNight.FieldOf(edited, "Players 2/5");
        var edits = await delivery.Discord.RequestsAsync("PATCH", "/channels/");
        Assert.Equal([429, 200], edits.Select(x => x.Status));
        Assert.True(edits[1].At - edits[0].At >= TimeSpan.FromSeconds(11));
        Assert.Equal(0, (await delivery.Night.AnnouncementAsync(id))!.Attempts);
    }

    private static async Task<(int Refused, string Early, int Invalid)> StatisticsAsync(DeliveryNight delivery)
    {
        var seen = await delivery.Discord.FakeAsync("GET", "statistics");
        return ((int)seen["rateLimited"]!, seen["early"]!.ToJsonString(), (int)seen["invalid"]!);
    }
}
