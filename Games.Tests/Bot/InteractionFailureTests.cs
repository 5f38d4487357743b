using System.Diagnostics;
using System.Text.Json.Nodes;
using Games.Tests.Data;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bot;

/// <summary>Clicks for which something goes wrong: whoever has clicked is told in time, and nothing of it is an error of the bot's.</summary>
public sealed class InteractionFailureTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("""{"kind":"disconnectAfterSuccess","path":"/callback","times":1}""")]
    [InlineData("""{"kind":"disconnect","path":"/callback","times":1}""")]
    [InlineData("""{"kind":"timeout","path":"/callback","times":1},{"kind":"timeoutAfterSuccess","path":"/callback","times":1}""")]
    [InlineData("""{"kind":"error","path":"/callback","status":503,"times":1}""")]
    [InlineData("""{"kind":"error","method":"PATCH","path":"/webhooks/","status":503,"times":2}""")]
    [InlineData("""{"kind":"disconnectAfterSuccess","method":"PATCH","path":"/webhooks/","times":1}""")]
    [InlineData("""{"kind":"timeout","method":"PATCH","path":"/webhooks/","times":1}""")]
    [InlineData("""{"kind":"error","method":"PATCH","path":"/webhooks/","status":503,"times":6}""")]
    [InlineData("""{"kind":"rateLimit","method":"PATCH","path":"/webhooks/","retryAfter":1,"times":1}""")]
    [InlineData("""{"kind":"rateLimit","method":"PATCH","path":"/webhooks/","retryAfter":11,"times":1}""")]
    [InlineData("""{"kind":"duplicateDispatch","event":"INTERACTION_CREATE","times":1}""")]
    public async Task What_is_lost_on_the_way_is_sent_again_and_the_user_reads_the_sentence(string fault)
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        await delivery.Discord.PutFaultsAsync(fault);

        var seen = await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join");

        Assert.Equal("ephemeral", (string?)seen["outcome"]);
        Assert.StartsWith("You have a seat", (string?)seen["text"]);
        Assert.Empty(delivery.Errors);
    }

    [Theory]
    [InlineData("""{"kind":"error","path":"/callback","status":404,"code":10062,"message":"Unknown interaction"}""", false)]
    [InlineData("""{"kind":"latency","path":"/callback","milliseconds":3500}""", false)]
    [InlineData("""{"kind":"error","path":"/callback","status":400,"code":40060,"message":"Interaction has already been acknowledged."}""", true)]
    [InlineData("""{"kind":"error","path":"/webhooks/","status":401,"code":50027,"message":"Invalid Webhook Token"}""", true)]
    [InlineData("""{"kind":"rateLimit","path":"/webhooks/","retryAfter":3600}""", true)]
    public async Task Who_cannot_be_answered_is_no_error_and_what_Discord_called_failed_is_not_done(string fault, bool isDone)
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        await delivery.Discord.PutFaultsAsync(fault);

        var click = delivery.Discord.ClickAsync(message, StandIn.Ben, "Join");

        await Until.TrueAsync(() => delivery.Night.Log.Any(line => line.StartsWith("Information: Somebody in Discord had no answer")), "it is told");
        Assert.Equal(isDone, (await delivery.Night.GameAsync(id)).Find(StandIn.Ben) is not null);
        Assert.Empty(delivery.Errors);
        Assert.DoesNotContain(delivery.Night.Log, line => line.Contains("Exception"));
        await delivery.Discord.PutFaultsAsync("");
        Assert.StartsWith("You have a seat", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join"))["text"]);
        await click;
    }

    [Fact]
    public async Task While_the_database_is_slow_a_click_is_heard_at_once_and_answered_when_it_is_not()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        await using var locked = await LockedAsync("SELECT 1 FROM games WHERE id = $1 FOR UPDATE", id);

        var since = Stopwatch.GetTimestamp();
        var click = delivery.Discord.ClickAsync(message, StandIn.Ben, "Join");
        await Until.TrueAsync(() => IsThinkingAsync(delivery, StandIn.Ben), "Discord shows that the bot is at it", TimeSpan.FromSeconds(3));
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.False(click.IsCompleted);
        await locked.DisposeAsync();

        Assert.StartsWith("You have a seat", (string?)(await click)["text"]);
    }

    [Fact]
    public async Task What_the_database_refuses_is_one_line_of_the_log_and_a_sentence_for_whoever_clicked()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        await delivery.Night.ExecuteAsync("ALTER TABLE players RENAME TO players_that_are_gone");

        var seen = await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join");
        await delivery.Night.ExecuteAsync("ALTER TABLE players_that_are_gone RENAME TO players");

        Assert.StartsWith("That did not work just now", (string?)seen["text"]);
        var line = Assert.Single(delivery.Errors);
        Assert.StartsWith("Error: A click or command cannot be served by the database: relation \"players\" does not exist (42P01)", line);
        Assert.DoesNotContain("Exception", line);
    }

    [Fact]
    public async Task A_click_that_Discord_tells_of_twice_is_left_to_another_bot_until_it_is_answered()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        await Until.TrueAsync(async () => await delivery.Night.CountAsync(Sequence, id) > 0, "the session is saved");
        await using var locked = await LockedAsync("SELECT 1 FROM games WHERE id = $1 FOR UPDATE", id);
        await delivery.Discord.PutFaultsAsync("""{"kind":"duplicateDispatch","event":"INTERACTION_CREATE","times":1}""");

        var click = delivery.Discord.ClickAsync(message, StandIn.Ben, "Join");
        await Until.TrueAsync(() => IsThinkingAsync(delivery, StandIn.Ben), "the bot is at it");
        var before = await delivery.Night.CountAsync(Sequence, id);
        for (var number = 0; number < 20; number++)
            await delivery.Discord.WriteAsync("after the click");
        await Until.TrueAsync(
            async () => await delivery.Night.CountAsync("SELECT count(*) FROM discord_messages WHERE content = $1", "after the click") == 20,
            "the messages are stored");

        Assert.Equal(before, await delivery.Night.CountAsync(Sequence, id));
        await locked.DisposeAsync();
        Assert.StartsWith("You have a seat", (string?)(await click)["text"]);
        await Until.TrueAsync(async () => await delivery.Night.CountAsync(Sequence, id) > before + 20, "the session is saved with what came since");
    }

    [Fact]
    public async Task A_click_does_not_wait_for_messages_that_cannot_be_stored_yet()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        // What a click on no game asks of the database is no table of the outbox.
        await using var locked = await LockedAsync("""LOCK TABLE "OutboxMessage" IN ACCESS EXCLUSIVE MODE""");
        // More than are stored at once: the last of them waits in the queue.
        for (var number = 0; number < 20; number++)
            await delivery.Discord.WriteAsync("before the command");

        var seen = await delivery.Discord.CommandAsync(StandIn.Ben, "games mine");

        Assert.Equal("ephemeral", (string?)seen["outcome"]);
        await locked.DisposeAsync();
        await Until.TrueAsync(
            async () => await delivery.Night.CountAsync("SELECT count(*) FROM discord_messages WHERE content = $1", "before the command") == 20,
            "the messages are stored");
    }

    [Fact]
    public async Task Who_click_in_hundreds_are_all_heard_at_once_and_leave_the_database_to_others()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        string[] users = [.. Enumerable.Range(0, 100).Select(number => $"{420000000000000000 + number}")];
        foreach (var user in users)
            await delivery.Discord.AddMemberAsync(user);
        await using var locked = await LockedAsync("SELECT 1 FROM games WHERE id = $1 FOR UPDATE", id);

        var clicks = users.Select(user => delivery.Discord.ClickAsync(message, user, "Join")).ToArray();
        await Until.TrueAsync(async () => await delivery.Night.CountAsync(Blocked, id) >= 10, "some wait for the game");
        await Until.TrueAsync(() => IsThinkingAsync(delivery, users[^1]), "the last is heard");
        Assert.InRange(await delivery.Night.CountAsync(Blocked, id), 10, 16);
        var other = await delivery.Night.CreateAsync();
        await delivery.DeliveredAsync(other);
        await locked.DisposeAsync();

        Assert.All(await Task.WhenAll(clicks), seen => Assert.Equal("ephemeral", (string?)seen["outcome"]));
        Assert.Equal(100, (await delivery.Night.GameAsync(id)).People);
    }

    [Fact]
    public async Task A_game_whose_lists_are_full_and_a_second_click_are_sentences()
    {
        await using var delivery = await DeliveryNight.HearingAsync(database.ConnectionString);
        var id = await delivery.Night.CreateAsync();
        var message = await delivery.DeliveredAsync(id);
        Assert.StartsWith("You have a seat", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Anna, "Join"))["text"]);
        Assert.StartsWith("You have a seat", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Anna, "Join"))["text"]);
        Assert.Contains("not on the list", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Leave"))["text"]);

        await delivery.Night.ExecuteAsync("UPDATE games SET people = 1000 WHERE id = $1", id);

        Assert.Equal("This game and its waiting list are full.", (string?)(await delivery.Discord.ClickAsync(message, StandIn.Ben, "Join"))["text"]);
        Assert.Empty(delivery.Errors);
    }

    private const string Sequence = "SELECT sequence FROM gateway_sessions WHERE $1 IS NOT NULL";
    private const string Blocked =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND $1 IS NOT NULL";

    private static async Task<bool> IsThinkingAsync(DeliveryNight delivery, string user) =>
        (await delivery.Discord.FakeAsync("GET", $"channels/{StandIn.Channel}/messages?userId={user}"))["list"]!.AsArray()
            .OfType<JsonObject>().Any(x => ((int)x["flags"]! & 128) != 0);

    /// <summary>A transaction that holds the lock until it is disposed.</summary>
    private async Task<NpgsqlConnection> LockedAsync(string sql, object? parameter = null)
    {
        var connection = new NpgsqlConnection($"{database.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        // Ends with the connection.
        await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        if (parameter is not null)
            command.Parameters.Add(new() { Value = parameter });
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
