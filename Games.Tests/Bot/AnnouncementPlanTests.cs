using System.Data;
using Games.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Bot;

public sealed class AnnouncementPlanTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    /// <summary>A connection keeps a plan while the tables grow, so the one for empty tables is the one that counts.</summary>
    [Fact]
    public async Task The_games_of_many_events_are_found_by_index_even_with_the_plan_for_an_empty_table()
    {
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options);
        await db.Database.OpenConnectionAsync();
        await using var query = db.GamesToAnnounce([.. Enumerable.Range(0, 32).Select(_ => Guid.CreateVersion7())]).CreateDbCommand();
        query.CommandText = $"EXPLAIN {query.CommandText}";
        var plan = new List<string>();

        await using (var reader = await query.ExecuteReaderAsync(CommandBehavior.SingleResult))
        {
            while (await reader.ReadAsync())
                plan.Add(reader.GetString(0));
        }

        Assert.Contains(plan, line => line.Contains("Index") && line.Contains("games"));
        Assert.DoesNotContain(plan, line => line.Contains("Seq Scan"));
    }
}
