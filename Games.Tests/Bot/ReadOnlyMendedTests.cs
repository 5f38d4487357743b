using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Bot;

/// <summary>Sessions that began while the database was read-only stay so: none of them may be used for long once it is mended.</summary>
public sealed class ReadOnlyMendedTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string ReadOnly = "25006";

    [Fact]
    public async Task A_bot_that_was_connected_while_the_database_was_read_only_works_as_soon_as_it_is_mended()
    {
        await using var bot = await DeliveryNight.HearingAsync(database.ConnectionString);
        using var http = bot.Night.Http();
        await using (await ReadOnlyDatabase.MakeAsync(database.ConnectionString))
        {
            await Until.TrueAsync(() => bot.Night.Log.Any(line => line.Contains(ReadOnly)), "the outage is told");
            await Until.TrueAsync(async () => (await ReadyAsync(http)).Contains("The database is read-only."), "the bot is red");
        }

        await Until.TrueAsync(() => IsCreatedAsync(bot.Night), "a game is created: the sessions of the pool are new");
        await Until.TrueAsync(async () => !(await ReadyAsync(http)).Contains("The database is read-only."), "the bot is not red any more");
        // Each asks for its games, writes what is to be said, posts it, and says so.
        await bot.DeliveredAsync(await bot.Night.CreateAsync());
        for (var i = 0; i < 5; i++)
            await bot.DeliveredAsync(await bot.Night.CreateAsync());
    }

    private static async Task<bool> IsCreatedAsync(GameNight night)
    {
        try
        {
            await night.CreateAsync();
            return true;
        }
        catch (DbUpdateException)
        {
            return false;
        }
    }

    private static async Task<string> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/ready");
        return await answer.Content.ReadAsStringAsync();
    }
}
