using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Data;

public sealed class MigrationTests(TestDatabase migrated, EmptyDatabase empty) : IClassFixture<TestDatabase>, IClassFixture<EmptyDatabase>
{
    [Fact]
    public async Task Many_replicas_that_start_at_once_migrate_once()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Migrations.ApplyAsync(empty.ConnectionString)));

        Assert.Equal(
            [
                "Initial", "Journal", "DiscordMessages", "Access", "JournalLimits", "GameLife", "CalendarFeeds", "DiscordDelivery",
                "AnnouncementCalendar", "BotProblems", "TraceParents",
            ],
            applied.SelectMany(names => names).Select(name => name.Split('_')[1]));
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_created()
    {
        var missing = new NpgsqlConnectionStringBuilder(empty.ConnectionString) { Database = $"missing_{Guid.NewGuid():n}" }.ConnectionString;
        try
        {
            var applied = await Task.WhenAll(Migrations.ApplyAsync(missing), Migrations.ApplyAsync(missing));

            Assert.Equal(11, applied.Sum(names => names.Count));
        }
        finally
        {
            await TestServers.DropDatabaseAsync(missing);
        }
    }

    [Theory]
    [InlineData("127.0.0.1:{0}")]
    [InlineData("127.0.0.1:1,127.0.0.1:{0}")]
    public async Task A_server_that_is_too_busy_to_answer_in_time_is_asked_again(string hosts)
    {
        await using var line = CuttableLine.ToPostgres(migrated.ConnectionString, out var throughLine);
        line.Freeze();
        var migrating = Migrations.ApplyAsync(
            new NpgsqlConnectionStringBuilder(throughLine) { Host = string.Format(hosts, line.Port) }.ConnectionString);
        await Until.TrueAsync(() => line.Taken > 1, "it is asked again");
        line.Thaw();

        Assert.Empty(await migrating);
    }

    [Fact]
    public async Task Our_tables_are_named_in_snake_case_and_those_of_the_outbox_as_in_its_package()
    {
        await using var source = NpgsqlDataSource.Create(migrated.ConnectionString);
        await using var command = source.CreateCommand(
            "select table_name from information_schema.tables where table_schema = 'public' and table_name <> '__EFMigrationsHistory'");
        await using var reader = await command.ExecuteReaderAsync();
        var tables = new List<string>();
        while (await reader.ReadAsync())
            tables.Add(reader.GetString(0));

        Assert.Superset(
            new HashSet<string> { "announcements", "discord_messages", "events", "games", "players", "InboxState", "OutboxMessage", "OutboxState" },
            tables.ToHashSet());
    }

    [Fact]
    public async Task What_a_person_types_needs_no_quotes()
    {
        await using var source = NpgsqlDataSource.Create(migrated.ConnectionString);
        await using var command = source.CreateCommand(
            """
            select games.id, guild_id, games.channel_id, host_id, title, description, location, scheduled_at, duration_minutes, max_players,
                   status, games.created_at, updated_at, announcements.channel_id, message_id, text, announcements.created_at, user_id, joined_at
            from games join announcements on games.id = announcements.game_id join players on games.id = players.game_id
            """);

        await command.ExecuteNonQueryAsync();
    }
}
