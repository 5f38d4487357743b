using System.Text.Json.Nodes;
using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.MainJob;

/// <summary>The life of one game as people see it, from HTTP over the database and the broker to Discord and back.</summary>
public sealed class GameOnDiscordTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private static readonly string[] Users = [.. Enumerable.Range(0, 20).Select(number => $"{430000000000000000 + number}")];

    [Fact]
    public async Task It_is_posted_changed_joined_by_button_reminded_of_and_closed()
    {
        await using var discord = await StandIn.StartAsync();
        foreach (var user in Users)
            await discord.AddMemberAsync(user);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var poll = ("Outbox:PollInterval", "00:00:01");
        await using var apiHost = new ApiHost(database.ConnectionString, broker.ConnectionString, null, poll);
        await using var botHost = new BotHost(
            database.ConnectionString, broker.ConnectionString, null, poll, ("Discord:Token", "a.test.token"),
            ("Discord:BaseAddress", $"{discord.Address}/api/v10/"), ("Discord:Channels:0", StandIn.Channel));
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await bot.ReadyAsync();
        await Until.TrueAsync(() => botHost.Log.Lines.Any(line => line.Contains("is connected, at sequence")), "the bot hears");

        var game = Requests.ValidGame("reminders", new JsonArray(60));
        var id = (await api.CreateGameAsync(game)).IdOf();
        var posted = await ShownAsync(discord, id, message => DeliveryNight.Title(message) == "Friday raid");

        await api.ChangeGameAsync(id, """{"title":"Saturday raid"}""");
        var changed = await ShownAsync(discord, id, message => DeliveryNight.Title(message) == "Saturday raid");
        Assert.Equal((string?)posted["id"], (string?)changed["id"]);

        await JoinAllAsync(discord, changed);
        var full = await ShownAsync(discord, id, message => Waiting(message).StartsWith("Waiting 15", StringComparison.Ordinal));
        Assert.Equal((string?)posted["id"], (string?)full["id"]);
        Assert.Equal(5, DeliveryNight.FieldOf(full, "Players 5/5").Split(", ").Length);
        await NoWindowHasMoreThanTwoAsync(discord);

        await source.MakeDueAsync(id, Queues.RemindPlayers);
        var playing = (await api.GetGameAsync(id)).UserIds("players");
        foreach (var user in playing)
        {
            await Until.TrueAsync(
                async () => (await discord.FakeAsync("GET", $"dms/{user}")).ToJsonString().Contains("Saturday raid"), $"{user} is reminded");
        }

        await api.CancelGameAsync(id);
        var closed = await ShownAsync(discord, id, message => !DeliveryNight.HasButtons(message));
        Assert.Equal("~~Saturday raid~~", DeliveryNight.Title(closed));
        Assert.Equal((string?)posted["id"], (string?)closed["id"]);

        var written = await discord.WriteAsync("was it my turn to bring snacks?");
        await Until.TrueAsync(() => IsStoredAsync(source, written), "what was written is kept");
        await NoWindowHasMoreThanTwoAsync(discord);
        Assert.DoesNotContain(botHost.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    /// <summary>Over more than a window: each join finds the message free, were it not for its rest.</summary>
    private static async Task JoinAllAsync(StandIn discord, JsonObject message)
    {
        List<Task<JsonObject>> clicks = [];
        using var pace = new PeriodicTimer(Window * 1.2 / Users.Length);
        foreach (var user in Users)
        {
            clicks.Add(discord.ClickAsync(message, user, "Join"));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        var texts = (await Task.WhenAll(clicks)).Select(seen => (string)seen["text"]!).ToArray();
        Assert.Equal(5, texts.Count(text => text.StartsWith("You have a seat", StringComparison.Ordinal)));
        Assert.Equal(15, texts.Count(text => text.Contains("You are on its waiting list, at place ")));
    }

    private static async Task NoWindowHasMoreThanTwoAsync(StandIn discord)
    {
        var edits = (await discord.RequestsAsync("PATCH", "/channels/")).Select(x => x.At).ToArray();
        Assert.True(edits.Length >= 2, $"{edits.Length} edits");
        Assert.All(edits, first => Assert.InRange(edits.Count(at => at >= first && at < first + Window), 1, 2));
    }

    private static async Task<JsonObject> ShownAsync(StandIn discord, Guid id, Func<JsonObject, bool> isIt)
    {
        JsonObject[] found = [];
        await Until.TrueAsync(
            async () =>
            {
                var messages = (await discord.FakeAsync("GET", $"channels/{StandIn.Channel}/messages"))["list"]!.AsArray().OfType<JsonObject>();
                found = [.. messages.Where(x => (string?)x["embeds"]?[0]?["footer"]?["text"] == $"{id}")];
                return found is [var message] && isIt(message);
            },
            "Discord shows it");
        return Assert.Single(found);
    }

    private static string Waiting(JsonObject message) => (string)message["embeds"]![0]!["fields"]!.AsArray()[^1]!["name"]!;

    private static async Task<bool> IsStoredAsync(NpgsqlDataSource source, string messageId)
    {
        await using var command = source.CreateCommand("SELECT count(*) FROM discord_messages WHERE message_id = $1");
        command.Parameters.Add(new() { Value = messageId });
        return (long)(await command.ExecuteScalarAsync())! == 1;
    }
}
