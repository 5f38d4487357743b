using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

public sealed class JournalRetentionTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task What_is_old_and_done_is_deleted_in_small_sets_and_what_waits_is_kept()
    {
        await using var events = new EventsTable(database.ConnectionString);
        await events.ScalarAsync("""
            insert into events (event_type, payload, source, created_at, dispatched_at, dead_at, last_error)
            select kind, '{}', 'psql', now() - age * interval '1 day',
                case kind when 'dispatched' then now() end, case kind when 'dead' then now() end, 'none'
            from unnest(array['dispatched', 'dead', 'pending']) kind, unnest(array[1, 3]) age, generate_series(1, 5)
            """);

        await using var api = new ApiHost(
            database.ConnectionString, settings:
            [("Journal:Dispatch", "false"), ("Journal:Retention", "2.00:00:00"),
                ("Journal:CleanUpInterval", "00:00:00.100"), ("Journal:CleanUpLimit", "3")]);
        using var client = api.CreateClient();

        await Until.TrueAsync(
            async () => (long)(await events.ScalarAsync(
                "select count(*) from events where created_at < now() - interval '2 days' and event_type <> 'pending'"))! == 0,
            "the old are gone");
        Assert.Equal(20L, await events.ScalarAsync("select count(*) from events"));
    }
}
