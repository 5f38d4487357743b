using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>Discord's limit is the account's, whichever of its bots sends.</summary>
public sealed class SharedLimitTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Bots_know_how_many_share_it()
    {
        await using var first = await DeliveryNight.StartAsync(database.ConnectionString);
        Assert.Contains(first.Night.Log, line => line.Contains(" 1 bots share"));

        await using (var second = Beside(first))
        {
            Assert.Contains(second.Log, line => line.Contains(" 2 bots share"));
            await Until.TrueAsync(() => first.Night.Log.Any(line => line.Contains(" 2 bots share")), "the first knows of the second");
        }

        await Until.TrueAsync(() => first.Night.Log.Last(line => line.Contains(" bots share")).Contains(" 1 bots share"), "it is alone again");

        // As a bot that has died leaves it.
        await first.Night.ExecuteAsync(
            "INSERT INTO leases (name, owner, fence, expires_at) VALUES ('bot ' || $1, $1, 1, now() - interval '2 min')", Guid.NewGuid());
        await Until.TrueAsync(
            async () => await first.Night.CountAsync("SELECT count(*) FROM leases WHERE name LIKE $1", "bot %") == 1, "the dead one is forgotten");
    }

    [Fact]
    public async Task Two_bots_with_much_to_say_meet_no_limit()
    {
        await using var first = await DeliveryNight.StartAsync(database.ConnectionString);
        await using var second = Beside(first);
        await Until.TrueAsync(() => first.Night.Log.Any(line => line.Contains(" 2 bots share")), "the first knows of the second");
        string[] channels = [.. Enumerable.Range(0, 60).Select(number => $"{212000000000000000 + number}")];
        foreach (var channel in channels)
            await first.Discord.AddChannelAsync(channel);

        // Each has half of what is wanted, and could send all of it at once.
        var games = await Task.WhenAll(Enumerable.Range(0, 180).Select(number => first.CreateAsync(channels[number % channels.Length])));

        foreach (var (id, _) in games)
        {
            await Until.TrueAsync(
                async () => await first.Night.AnnouncementAsync(id) is { DeliveredVersion: > 0 }, $"{id} is posted", TimeSpan.FromSeconds(60));
        }

        Assert.Equal(0, (int)(await first.Discord.FakeAsync("GET", "statistics"))["rateLimited"]!);
        Assert.All([first.Night.Log, second.Log], log => Assert.Contains(log, line => line.Contains("Posted game")));
    }

    private GameNight Beside(DeliveryNight other) => new(
        database.ConnectionString, ("Discord:Token", "a.test.token"), ("Discord:BaseAddress", $"{other.Discord.Address}/api/v10"));
}
