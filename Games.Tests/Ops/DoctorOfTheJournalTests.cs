using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Games.Tests.Bot;
using Games.Tests.Data;
using Games.Tests.Journal;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Ops;

/// <summary>What the doctor says of the journal, beside a bot that dispatches it.</summary>
public sealed class DoctorOfTheJournalTests(TestServers servers) : IsolatedTest(servers)
{
    private EventsTable _events = null!;
    private Doctor _doctor = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _events = new(Database);
        _doctor = new(Database, Broker);
    }

    public override async ValueTask DisposeAsync()
    {
        await _events.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Each_planted_fault_is_found_and_only_it()
    {
        await using var bot = await StartAsync();

        await _events.OutcomeAsync(await _events.InsertAsync("test.event"));
        var (exitCode, sound) = await _doctor.ExamineAsync();
        Assert.Equal((0, ""), (exitCode, Doctor.Wrong(sound)));
        Assert.Equal(("1 test.event", "nothing is pending"), (Doctor.Saw(sound, "journal, last hour"), Doctor.Saw(sound, "journal")));

        var broken = await _events.InsertAsync("game.created", """{"title":1}""");
        await _events.OutcomeAsync(broken);
        var findings = await _doctor.FindsAsync("journal, dead", $"./games events retry {broken}");
        Assert.StartsWith($"1 event given up, the newest is {broken}: payload breaks the contract of game.created",
            Doctor.Saw(findings, "journal, dead"));
        Assert.Equal("1 game.created (1 dead); 1 test.event", Doctor.Saw(findings, "journal, last hour"));
        await _events.ScalarAsync("delete from events where id = $1", broken);

        await PlantAsync(
            "attempts = 0, created_at = clock_timestamp() - interval '30 seconds', next_attempt_at = clock_timestamp() + interval '1 hour'");
        Assert.Equal(0, (await _doctor.ExamineAsync()).ExitCode);
        await _events.ScalarAsync("update events set created_at = clock_timestamp() - interval '70 seconds' where event_type = 'test.planted'");
        await _doctor.FindsAsync("journal", "no dispatcher gets to it");
        await _events.ScalarAsync("update events set attempts = 3 where event_type = 'test.planted'");
        await _doctor.FindsAsync("journal", "it failed 3 times");
    }

    [Fact]
    public async Task That_nobody_listens_to_the_journal_is_found()
    {
        await using var bot = await StartAsync(("Journal:Notifications", "false"));

        await _doctor.FindsAsync("listeners, events", "start the API or the bot");
    }

    [Fact]
    public async Task An_event_without_its_effect_is_published_again_and_has_it_though_its_inbox_remembers_the_first()
    {
        await using var bot = await StartAsync();
        string[] stored = [NewMessage.NextId(), NewMessage.NextId(), NewMessage.NextId()];
        var ids = new List<Guid>();
        foreach (var message in stored)
            ids.Add(await _events.InsertAsync(Exchanges.DiscordMessageReceived, Json(NewMessage.Event(message))));
        await Until.TrueAsync(async () => await CountAsync() == 3, "the messages are stored");

        // Consumed, says the inbox, and the row is gone. An edit and a deletion that never came. What is young, or waits in the outbox, is no orphan.
        await _events.ScalarAsync("update events set dispatched_at = now() - interval '10 minutes'");
        await _events.ScalarAsync("delete from discord_messages where message_id = $1", stored[0]);
        var edit = await PlantAsync(NewMessage.Event(stored[1], "edited", NewMessage.SentAt.AddMinutes(1).AddTicks(7)), minutes: 10);
        var deletion = await PlantAsync(NewMessage.Deletion(stored[2]), minutes: 10);
        await PlantAsync(NewMessage.Event(), minutes: 3);
        var waiting = await PlantAsync(NewMessage.Event(), minutes: 10);
        await _events.ScalarAsync("""
            insert into "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "DestinationAddress", "Attempts",
                "NextAttempt")
            values ($1, now(), 'application/json', 'urn:message:Test', '{}', 'rabbitmq://localhost/nowhere?bind=true', 1, now() + interval '1 hour')
            """, waiting);

        var findings = await _doctor.FindsAsync("discord.message.received without its row", "doctor --republish");
        var saw = Doctor.Saw(findings, "discord.message.received without its row");
        Assert.StartsWith("3: ", saw);
        Assert.All([ids[0], edit, deletion], id => Assert.Contains($"{id}", saw));

        Assert.Contains((await _doctor.RunAsync("doctor", "--republish", "--dry-run")).Output, x => x.Contains("3 events would be published again"));
        Assert.Equal(2, await CountAsync());
        Assert.Contains((await _doctor.RunAsync("doctor", "--republish")).Output, x => x.Contains("3 events published again"));
        await Until.TrueAsync(async () => await CountAsync() == 3, "the message is stored again");
        await Until.TrueAsync(
            async () => (bool)(await _events.ScalarAsync(
                "select bool_or(message_id = $1 and content = 'edited') and bool_or(message_id = $2 and deleted_at is not null) "
                    + "from discord_messages", stored[1], stored[2]))!,
            "the others are edited and deleted");

        var after = await _doctor.RunAsync("doctor", "--republish");
        Assert.Equal(0, after.ExitCode);
        Assert.Contains("0 events published", string.Join('\n', after.Output));
    }

    [Fact]
    public async Task A_game_of_the_journal_is_announced_and_what_cannot_be_mended_is_named_and_not_sent()
    {
        await using var bot = await StartAsync();
        var game = NewGame.With(now: DateTimeOffset.UtcNow);
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(Database).Options);
        db.Add(game);
        await db.SaveChangesAsync();
        var created = await PlantAsync(Of(game.Id), minutes: 10);
        var unknown = await PlantAsync(Of(Guid.NewGuid()), minutes: 10);
        var refused = await PlantAsync(NewMessage.Event("1"), minutes: 10);
        var garbage = (Guid)(await _events.ScalarAsync("""
            insert into events (event_type, payload, source, dispatched_at)
                values ('game.created', '{"gameId":"x"}', 'a test', now() - interval '10 minutes') returning id
            """))!;

        var (exitCode, findings) = await _doctor.ExamineAsync();
        const string Games = "game.created of the journal without announcement";
        const string Messages = "discord.message.received without its row";
        Assert.Equal((1, $"{Games}, {Games}, for good, {Messages}, for good"), (exitCode, Doctor.Wrong(findings)));
        Assert.Equal($"1: {created}", Doctor.Saw(findings, Games));
        Assert.StartsWith("2: ", Doctor.Saw(findings, $"{Games}, for good"));
        Assert.Contains($"{unknown} (there is no game", Doctor.Saw(findings, $"{Games}, for good"));
        Assert.Contains($"{garbage} (payload breaks the contract", Doctor.Saw(findings, $"{Games}, for good"));
        Assert.StartsWith($"1: {refused} (A Discord message is not valid: messageId", Doctor.Saw(findings, $"{Messages}, for good"));

        Assert.Contains((await _doctor.RunAsync("doctor", "--republish")).Output, x => x.Contains("1 event published again"));
        await Until.TrueAsync(() => db.Announcements.AnyAsync(x => x.GameId == game.Id), "the game is announced");
        Assert.Equal($"{Games}, for good, {Messages}, for good", Doctor.Wrong((await _doctor.ExamineAsync()).Findings));
        await _events.ScalarAsync("delete from events where id = any($1)", new[] { unknown, refused, garbage });
        Assert.Equal(0, (await _doctor.ExamineAsync()).ExitCode);
    }

    private static GameCreated Of(Guid game) => new(
        game, NewGame.GuildId, NewGame.ChannelId, NewGame.HostId, "Friday raid", NewGame.ScheduledAt, 5);

    private static string Json(object message) => JsonSerializer.Serialize(message, JsonSerializerOptions.Web);

    private Task<Guid> PlantAsync(DiscordMessageReceived message, int minutes) =>
        PlantAsync(Exchanges.DiscordMessageReceived, Json(message), minutes);

    private Task<Guid> PlantAsync(GameCreated message, int minutes) => PlantAsync(Exchanges.GameCreated, Json(message), minutes);

    private async Task<Guid> PlantAsync(string type, string payload, int minutes) => (Guid)(await _events.ScalarAsync(
        "insert into events (event_type, payload, source, dispatched_at) values ($1, $2::jsonb, 'a test', now() - $3 * interval '1 minute') "
            + "returning id", type, payload, minutes))!;

    /// <summary>An event that is as it should not be, and that no dispatcher takes.</summary>
    private async Task PlantAsync(string values)
    {
        var id = await _events.ScalarAsync(
            "insert into events (event_type, payload, source, dispatched_at) values ('test.planted', '{}', 'a test', now()) returning id");
        await _events.ScalarAsync($"update events set dispatched_at = null, {values} where id = $1", id!);
    }

    private async Task<long> CountAsync() => (long)(await _events.ScalarAsync("select count(*) from discord_messages"))!;

    private async Task<BotHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var host = new BotHost(Database, Broker, settings: settings);
        using var bot = host.CreateClient();
        await bot.ReadyAsync();
        if (settings is [])
            await _doctor.ListenedToAsync();
        return host;
    }
}
