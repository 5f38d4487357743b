using System.Text.Json;
using Games.Bench.Chaos;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bench;

/// <summary>Each promise broken by hand, on the tables as they are: a check that finds nothing must be one that would have found it.</summary>
public sealed class ChaosCheckTests(TestServers servers) : IAsyncLifetime
{
    private readonly List<Guid> _accepted = [];
    private NpgsqlDataSource _database = null!;
    private Availability _own = null!;
    private int _posted;

    public async ValueTask InitializeAsync()
    {
        _own = await Availability.OfAsync(servers.CreateDatabaseAsync());
        _database = NpgsqlDataSource.Create(_own.ConnectionString);
        await AuditTrail.InstallAsync(_database, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _own.IfHadAsync(TestServers.DropDatabaseAsync);
    }

    [Fact]
    public async Task Games_that_are_each_announced_once_are_no_finding_and_neither_is_a_whole_game_of_a_failed_request()
    {
        await AnnouncedAsync();
        await AnnouncedAsync();
        _accepted.Remove(await AnnouncedAsync());

        Assert.Empty(await FindingsAsync());
    }

    [Fact]
    public async Task An_accepted_game_that_is_not_stored_is_lost()
    {
        _accepted.Add(Guid.NewGuid());

        await FoundAsync(FindingKind.Lost, "accepted, but not in games", _accepted[0].ToString());
    }

    [Fact]
    public async Task A_game_that_is_not_announced_is_lost_and_so_is_one_that_a_failed_request_left()
    {
        var answered = await StoredAsync();
        var left = await StoredAsync();
        _accepted.Remove(left);
        await ConsumedAsync(await EventAsync(answered));
        await ConsumedAsync(await EventAsync(left));

        await FoundAsync(FindingKind.Lost, "in games, but not announced", answered.ToString(), left.ToString());
    }

    [Fact]
    public async Task A_game_without_an_event_is_lost_even_if_somebody_announced_it()
    {
        var game = await StoredAsync();
        await AnnounceAsync(game);

        var findings = await FindingsAsync();

        Assert.Equal(
            [(FindingKind.Lost, "in games, but without an event"), (FindingKind.Wrong, "announced, but in no inbox")],
            findings.Select(finding => (finding.Kind, finding.What)));
    }

    [Fact]
    public async Task An_id_that_two_posts_were_answered_with_is_doubled()
    {
        var game = await AnnouncedAsync();
        _accepted.Add(game);

        await FoundAsync(FindingKind.Doubled, "one id, answered to more than one POST", game.ToString());
    }

    [Fact]
    public async Task One_post_that_made_two_games_is_doubled()
    {
        await AnnouncedAsync();
        _posted--;
        await AnnouncedAsync();

        await FoundAsync(FindingKind.Doubled, "from one POST, in more than one game", "Bench chaos 1 000000001");
    }

    [Fact]
    public async Task A_second_event_is_doubled_and_so_is_its_effect_although_the_key_of_announcements_hides_it()
    {
        var game = await AnnouncedAsync();
        await ConsumedAsync(await EventAsync(game));

        var findings = await FindingsAsync();

        Assert.Equal(["with more than one event", "consumed more than once"], findings.Select(finding => finding.What));
        Assert.All(findings, finding => Assert.Equal((FindingKind.Doubled, game.ToString()), (finding.Kind, finding.Items.Single())));
    }

    [Fact]
    public async Task One_event_that_took_effect_twice_is_doubled()
    {
        var game = await AnnouncedAsync();
        await ExecuteAsync("""
            insert into "InboxState" ("MessageId", "ConsumerId", "LockId", "Received", "ReceiveCount", "Delivered")
            select "MessageId", gen_random_uuid(), "LockId", "Received", 1, now() from "InboxState"
            """);

        await FoundAsync(FindingKind.Doubled, "consumed more than once", game.ToString());
    }

    [Fact]
    public async Task Two_announcements_of_one_game_are_doubled_where_no_key_prevents_them()
    {
        var game = await AnnouncedAsync();
        await ExecuteAsync("alter table announcements drop constraint pk_announcements; insert into announcements select * from announcements");

        await FoundAsync(FindingKind.Doubled, "announced more than once", game.ToString());
    }

    [Fact]
    public async Task An_announcement_and_an_event_without_their_game_are_wrong()
    {
        var game = await AnnouncedAsync();
        _accepted.Clear();
        await ExecuteAsync("set session_replication_role = replica; delete from games; set session_replication_role = origin");

        var findings = await FindingsAsync();

        Assert.Equal(["announced, but not in games", "an event, but not in games"], findings.Select(finding => finding.What));
        Assert.All(findings, finding => Assert.Equal((FindingKind.Wrong, game.ToString()), (finding.Kind, finding.Items.Single())));
    }

    [Fact]
    public async Task A_game_that_nobody_posted_is_wrong()
    {
        var game = await AnnouncedAsync();
        _posted = 0;

        await FoundAsync(FindingKind.Wrong, "in games, but posted by nobody", game.ToString());
    }

    [Fact]
    public async Task A_row_left_in_the_outbox_is_stuck_and_says_who_holds_it()
    {
        await AnnouncedAsync();
        var holder = Guid.NewGuid();
        await OutboxRowAsync("urn:message:Games.Contracts:Other", Guid.NewGuid(), "{}");
        await ExecuteAsync("""update "OutboxMessage" set "LockId" = $1""", holder);

        var stuck = Assert.Single(await FindingsAsync());

        Assert.Equal((FindingKind.Stuck, "in the outbox"), (stuck.Kind, stuck.What));
        Assert.Contains(holder.ToString(), stuck.Items.Single());
    }

    [Fact]
    public async Task The_events_of_a_transaction_that_was_rolled_back_are_not_noted()
    {
        await using (var connection = await _database.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var insert = OutboxRow("urn:message:Games.Contracts:GameCreated", Guid.NewGuid(), EventOf(Guid.NewGuid()));
            insert.Connection = connection;
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        }

        Assert.Empty(await FindingsAsync());
    }

    private async Task FoundAsync(FindingKind kind, string what, params string[] items)
    {
        var finding = Assert.Single(await FindingsAsync());

        Assert.Equal((kind, what), (finding.Kind, finding.What));
        Assert.Equal(items.Order(StringComparer.Ordinal), finding.Items);
    }

    private Task<IReadOnlyList<Finding>> FindingsAsync() =>
        new ChaosCheck(_database).FindingsAsync(_accepted, _posted, TestContext.Current.CancellationToken);

    private async Task<Guid> AnnouncedAsync()
    {
        var game = await StoredAsync();
        await ConsumedAsync(await EventAsync(game));
        await AnnounceAsync(game);
        return game;
    }

    private async Task<Guid> StoredAsync()
    {
        var game = Guid.NewGuid();
        _accepted.Add(game);
        await ExecuteAsync(
            """
            insert into games (id, guild_id, channel_id, host_id, title, scheduled_at, max_players, status, created_at, updated_at)
            values ($1, '100000000000000001', '200000000000000001', '300000000000000001', $2, now(), 5, 'scheduled', now(), now())
            """,
            game,
            $"Bench chaos 1 {++_posted:000000000}");
        return game;
    }

    /// <summary>As the API leaves it when it is done: captured, noted and relayed.</summary>
    private async Task<Guid> EventAsync(Guid game)
    {
        var messageId = Guid.NewGuid();
        await OutboxRowAsync("urn:message:Games.Contracts:GameCreated", messageId, EventOf(game));
        await ExecuteAsync("""delete from "OutboxMessage" """);
        return messageId;
    }

    private static string EventOf(Guid game) => JsonSerializer.Serialize(new { message = new { gameId = game } });

    private async Task OutboxRowAsync(string type, Guid messageId, string body)
    {
        await using var connection = await _database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var insert = OutboxRow(type, messageId, body);
        insert.Connection = connection;
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static NpgsqlCommand OutboxRow(string type, Guid messageId, string body) =>
        new("""
            insert into "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body")
            values ($1, now(), 'application/json', $2, $3)
            """)
        {
            Parameters = { new() { Value = messageId }, new() { Value = type }, new() { Value = body } },
        };

    private Task ConsumedAsync(Guid messageId) => ExecuteAsync(
        """
        insert into "InboxState" ("MessageId", "ConsumerId", "LockId", "Received", "ReceiveCount", "Consumed", "Delivered")
        values ($1, '00000000-0000-0000-0000-000000000001', gen_random_uuid(), now(), 1, now(), now())
        """,
        messageId);

    private Task AnnounceAsync(Guid game) =>
        ExecuteAsync("insert into announcements (game_id, channel_id, text, created_at) values ($1, '200000000000000001', 'text', now())", game);

    private async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = _database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
