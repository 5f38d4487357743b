using Games.Bench.Chaos;
using Games.Bench.Measuring;
using Games.Bench.Mix;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bench;

/// <summary>One game with two who joined, of whom one has left; then each promise broken by hand.</summary>
public sealed class MixCheckTests(TestServers servers) : IAsyncLifetime
{
    private const string Ada = "400000000000000001";
    private const string Bob = "400000000000000002";
    private static readonly Guid Game = Guid.NewGuid();
    private static readonly MixedRequest[] Done =
    [
        new(RequestKind.Create, Game), new(RequestKind.Join, Game, Ada), new(RequestKind.Join, Game, Bob), new(RequestKind.Change, Game),
        new(RequestKind.Leave, Game, Bob),
    ];

    private NpgsqlDataSource _database = null!;
    private Availability _own = null!;

    public async ValueTask InitializeAsync()
    {
        _own = await Availability.OfAsync(servers.CreateDatabaseAsync());
        _database = new NpgsqlSlimDataSourceBuilder(_own.ConnectionString).EnableArrays().Build();
        await AuditTrail.InstallAsync(_database, TestContext.Current.CancellationToken);
        await ExecuteAsync($"""
            insert into games (id, guild_id, channel_id, host_id, title, location, scheduled_at, max_players, status, created_at, updated_at, version,
                people, last_number)
            values ('{Game}', '100000000000000001', '200000000000000001', '300000000000000001', 'Raid', 'Voice 1', now(), 5, 'scheduled', now(),
                now(), 5, 1, 2);
            insert into players (game_id, user_id, number, joined_at) values ('{Game}', '{Ada}', 1, now());
            insert into announcements (game_id, channel_id, text, version, created_at)
            values ('{Game}', '200000000000000001', E'**Raid**\n<t:1:F>\nHost: <@3>\nPlayers: 1/5: <@{Ada}>\nWhere: Voice 1', 5, now());
            """);
        await EventAsync("GameCreated", 1);
        await EventAsync("PlayerJoined", 2, Ada);
        await EventAsync("PlayerJoined", 3, Bob);
        await EventAsync("GameUpdated", 4);
        await EventAsync("PlayerLeft", 5, Bob);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _own.IfHadAsync(TestServers.DropDatabaseAsync);
    }

    [Fact]
    public async Task A_game_whose_requests_all_took_effect_once_is_no_finding_and_one_that_nobody_heard_of_is_none_either()
    {
        Assert.Empty(await FindingsAsync(Done));
        Assert.Empty(await FindingsAsync(Done[..^1]));
    }

    [Theory]
    [InlineData(nameof(RequestKind.Join), "400000000000000003")]
    [InlineData(nameof(RequestKind.Leave), Ada)]
    [InlineData(nameof(RequestKind.Change), null)]
    [InlineData(nameof(RequestKind.Cancel), null)]
    public async Task A_request_that_was_done_and_has_no_event_is_lost(string kind, string? userId) =>
        Assert.Equal(
            (FindingKind.Lost, "done, but without an event"),
            Kind(await FindingsAsync([.. Done, new(Enum.Parse<RequestKind>(kind), Game, userId)])));

    [Fact]
    public async Task A_version_without_an_event_is_lost()
    {
        await ExecuteAsync("update games set version = 6; update announcements set version = 6");

        Assert.Equal((FindingKind.Lost, "with a version without an event"), Kind(await FindingsAsync(Done)));
    }

    [Fact]
    public async Task An_event_that_one_of_its_consumers_has_not_consumed_is_lost()
    {
        await ExecuteAsync($"""
            delete from "InboxState" where "MessageId" = (select message_id from {AuditTrail.AllEvents} where user_id = '{Ada}')
            """);

        Assert.Equal((FindingKind.Lost, "an event that not all its consumers have consumed"), Kind(await FindingsAsync(Done)));
    }

    [Fact]
    public async Task Somebody_who_joined_twice_is_doubled()
    {
        await ExecuteAsync("update games set version = 6; update announcements set version = 6");
        await EventAsync("PlayerJoined", 6, Ada);

        Assert.Equal((FindingKind.Doubled, "joined, left or cancelled more than once"), Kind(await FindingsAsync(Done)));
    }

    [Fact]
    public async Task Two_changes_of_one_version_are_doubled_and_who_moves_up_by_one_of_them_is_not()
    {
        await EventAsync("PlayerPromoted", 5, Ada);
        Assert.Empty(await FindingsAsync(Done));

        await EventAsync("GameUpdated", 5);
        Assert.Equal((FindingKind.Doubled, "with two changes of one version"), Kind(await FindingsAsync(Done)));
    }

    [Theory]
    [InlineData("delete from players; update games set people = 0; update announcements set text = regexp_replace(text, '1/5: [^\\n]*', '0/5')")]
    [InlineData("update players set user_id = '400000000000000002'")]
    public async Task A_player_who_is_missing_or_has_left_is_wrong(string change)
    {
        await ExecuteAsync(change);

        Assert.Equal((FindingKind.Wrong, "who have joined and not left, or the other way round"), Kind(await FindingsAsync(Done)));
    }

    [Theory]
    [InlineData("update announcements set version = 4", "not at its last version")]
    [InlineData("update announcements set is_open = false", "open, or closed, as its game is not")]
    [InlineData("update games set title = 'Raids'", "with another title or state")]
    [InlineData("update announcements set text = '~~' || text", "with another title or state")]
    [InlineData("update games set max_players = 6", "with other seats")]
    [InlineData("update announcements set text = replace(text, '1/5', '1/50')", "with other seats")]
    [InlineData("update announcements set text = text || E'\\nWaiting: 1: <@4>'", "with another waiting list")]
    [InlineData("update games set location = 'Voice 2'", "with another place")]
    [InlineData("update games set people = 2", "of a game that counts its people wrongly")]
    public async Task An_announcement_that_says_something_else_than_its_game_is_wrong(string change, string what)
    {
        await ExecuteAsync(change);

        Assert.Equal([what], await WrongAsync([Game]));
        Assert.Empty(await WrongAsync([Guid.NewGuid()]));
    }

    [Fact]
    public async Task A_game_without_an_announcement_is_behind()
    {
        await ExecuteAsync("delete from announcements");

        Assert.Equal(1, await new AnnouncedState(_database).CountBehindAsync(null, TestContext.Current.CancellationToken));
        Assert.Contains("not at its last version", await WrongAsync(null));
    }

    private async Task<IEnumerable<string>> WrongAsync(Guid[]? games) =>
        (await new AnnouncedState(_database).WrongAsync(games, TestContext.Current.CancellationToken)).Select(wrong => wrong.Key);

    private static (FindingKind, string) Kind(IReadOnlyList<Finding> findings)
    {
        var finding = Assert.Single(findings);
        return (finding.Kind, finding.What);
    }

    private Task<IReadOnlyList<Finding>> FindingsAsync(MixedRequest[] done) =>
        new MixCheck(_database).FindingsAsync(done, TestContext.Current.CancellationToken);

    /// <summary>As the API and the bot leave it: noted, relayed and consumed.</summary>
    private Task EventAsync(string type, int version, string? userId = null) => ExecuteAsync($$"""
        insert into "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body")
        values (gen_random_uuid(), now(), 'application/json', 'urn:message:Games.Contracts:{{type}}',
            jsonb_build_object('message',
                jsonb_build_object('gameId', '{{Game}}', 'version', {{version}}, 'userId', nullif('{{userId}}', '')))::text);
        insert into "InboxState" ("MessageId", "ConsumerId", "LockId", "Received", "ReceiveCount", "Consumed", "Delivered")
        select "MessageId", '00000000-0000-0000-0000-000000000001', gen_random_uuid(), now(), 1, now(), now() from "OutboxMessage";
        delete from "OutboxMessage";
        """);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
