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

        await Until.TrueAsync(async () => !(await ReadyAsync(http)).Contains("The database is read-only."), "the bot is not red any more");
        // It asks for its game, writes what is to be said, posts it, and says so.
        await bot.DeliveredAsync(await CreatedAsync(bot.Night));
    }

    /// <summary>Whoever meets the last of those sessions is told to try again, as a caller is.</summary>
    private static async Task<Guid> CreatedAsync(GameNight night)
    {
        Guid? created = null;
        await Until.TrueAsync(async () => (created = await TryCreateAsync(night)) is not null, "a game is created");
        return created!.Value;
    }

    private static async Task<Guid?> TryCreateAsync(GameNight night)
    {
        try
        {
            return await night.CreateAsync();
        }
        catch (DbUpdateException)
        {
            return null;
        }
    }

    private static async Task<string> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/ready");
        return await answer.Content.ReadAsStringAsync();
    }
}
