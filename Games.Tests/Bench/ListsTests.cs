using Games.Bench.Lists;
using Games.Bench.Measuring;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bench;

public sealed class ListsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Log = """
        LOG:  received SIGHUP, reloading configuration files
        LOG:  duration: 0.100 ms  plan:
        	Query Text: SELECT * FROM games AS g LIMIT 1
        	Limit  (cost=0.28..27.20 rows=21 width=711) (actual rows=21 loops=1)
        	  ->  Index Scan Backward using pk_games on games g  (cost=0.29..1326.29 rows=132 width=711) (actual rows=21 loops=1)
        	        Filter: (scheduled_at >= now())
        	        Rows Removed by Filter: 14428
        LOG:  duration: 0.200 ms  plan:
        	Query Text: SELECT * FROM players
        	Parallel Seq Scan on players p  (cost=0.00..1883.65 rows=26840 width=711) (actual rows=22812 loops=2)
        LOG:  duration: 0.001 ms  plan:
        	Query Text: SELECT 1
        	Result  (cost=0.00..0.01 rows=1 width=4) (actual rows=1 loops=1)
        CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE
        """;

    [Fact]
    public async Task Tables_are_filled_with_as_much_as_was_asked_for_and_have_their_keys_and_indexes_again()
    {
        var (many, ct) = (new ManyGames(Games: 300, Players: 3_000, Guilds: 5, Hosts: 20, Users: 1_000), TestContext.Current.CancellationToken);
        await using var source = new NpgsqlSlimDataSourceBuilder(database.ConnectionString).EnableArrays().Build();
        var before = await PartsAsync(source, ct);

        await new GamesGenerator(source, many).RunAsync((_, _) => new Progress<double>(), ct);

        Assert.Equal(before, await PartsAsync(source, ct));
        Assert.Equal(
            [300, 300, 3_000, 0],
            await source.QueryAsync(
                """
                select count(*) from games union all select count(*) from announcements union all select count(*) from players
                union all select count(*) from games where people <> (select count(*) from players where game_id = id)
                """,
                row => row.GetInt64(0),
                ct));
        Assert.Equal(0, await source.ScalarAsync<long>(
            """
            select count(*) from games
            where scheduled_at <= created_at or status <> 'cancelled' and (status = 'scheduled') <> (scheduled_at > now())
            """,
            ct));
    }

    [Fact]
    public void Plans_of_games_are_read_out_of_the_log_and_say_which_tables_are_read_whole_and_which_rows_for_nothing()
    {
        var plans = QueryPlans.PlansIn(Log.Split('\n')).ToList();

        Assert.Equal(2, plans.Count);
        Assert.Equal(["players"], QueryPlans.ScannedIn(plans));
        Assert.Equal(14_428, QueryPlans.MostDiscardedIn(plans));
        Assert.Equal(0, QueryPlans.MostDiscardedIn(plans[1..]));
    }

    [Theory]
    [InlineData(1, null, 0, true)]
    [InlineData(0, null, 0, false)]
    [InlineData(1, "games", 0, false)]
    [InlineData(1, null, 1, false)]
    public void A_list_passes_however_slow_if_its_plans_were_seen_and_scan_nothing(int plans, string? scanned, int refused, bool passes)
    {
        var milliseconds = Distribution.Of([5_000]);
        var list = new ListFigures(
            "all", "newest", milliseconds, milliseconds, plans, scanned is null ? [] : [scanned], 0,
            refused == 0 ? new Dictionary<string, int>() : new Dictionary<string, int> { ["503 ServiceUnavailable"] = refused });

        Assert.Equal(passes, new ListsFigures(new(new(1, 1, 1, 1, 1), 1, 1, 1), FillSeconds: 1, milliseconds, [list]).Passed);
    }

    private static Task<List<string>> PartsAsync(NpgsqlDataSource source, CancellationToken ct) => source.QueryAsync(
        """
        select conname || pg_get_constraintdef(oid) from pg_constraint where conrelid::regclass::text in ('games', 'players', 'announcements')
        union all select indexdef from pg_indexes where tablename in ('games', 'players', 'announcements') order by 1
        """,
        row => row.GetString(0),
        ct);
}
