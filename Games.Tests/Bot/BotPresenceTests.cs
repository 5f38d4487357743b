using Games.DiscordClient.Rest;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Bot;

/// <summary>Discord's limit is the account's, whichever of its bots sends.</summary>
public sealed class BotPresenceTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Bots_know_how_many_share_it()
    {
        await using var first = await DeliveryNight.StartAsync(database.ConnectionString);
        Assert.Equal(1, await SharersAsync(first.Night));

        await using (var second = Beside(first))
        {
            Assert.Equal(2, await SharersAsync(second));
            await Until.TrueAsync(async () => await SharersAsync(first.Night) == 2, "the first knows of the second");
        }

        await Until.TrueAsync(async () => await SharersAsync(first.Night) == 1, "it is alone again");

        // As a bot that has died leaves it.
        await first.Night.ExecuteAsync(
            "INSERT INTO leases (name, owner, fence, expires_at) VALUES ('bot ' || $1, $1, 1, now() - interval '2 min')", Guid.NewGuid());
        await Until.TrueAsync(
            async () => await first.Night.CountAsync("SELECT count(*) FROM leases WHERE name LIKE $1", "bot %") == 1, "the dead one is forgotten");
    }

    [Fact]
    public async Task What_keeps_it_from_telling_is_said_once()
    {
        await using var delivery = await DeliveryNight.StartAsync(database.ConnectionString);
        await delivery.Night.ExecuteAsync("ALTER TABLE leases RENAME COLUMN problem TO hidden");
        try
        {
            await Until.TrueAsync(() => Told(delivery).Any(line => line.Contains("problem")), "it says which column is missing");
        }
        finally
        {
            await delivery.Night.ExecuteAsync("ALTER TABLE leases RENAME COLUMN hidden TO problem");
        }

        await delivery.Night.ExecuteAsync("UPDATE leases SET expires_at = now() - interval '1 s' WHERE name LIKE 'bot %'");
        await Until.TrueAsync(
            async () => await delivery.Night.CountAsync("SELECT count(*) FROM leases WHERE name LIKE $1 AND expires_at > now()", "bot %") == 1,
            "it tells again that it lives");
        Assert.Single(Told(delivery));
    }

    private static IEnumerable<string> Told(DeliveryNight delivery) => delivery.Night.Log.Where(line => line.Contains("cannot tell that it lives"));

    private static Task<int> SharersAsync(GameNight night) =>
        night.InScopeAsync(scope => Task.FromResult(scope.GetRequiredService<DiscordRestClient>().Sharers));

    private GameNight Beside(DeliveryNight other) => new(
        database.ConnectionString, ("Discord:Token", "a.test.token"), ("Discord:BaseAddress", $"{other.Discord.Address}/api/v10"));
}
