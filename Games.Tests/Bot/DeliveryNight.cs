using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.FakeDiscord;
using Npgsql;

namespace Games.Tests.Bot;

/// <summary>The whole bot, with the stand-in for Discord.</summary>
internal sealed class DeliveryNight : IAsyncDisposable
{
    private DeliveryNight(GameNight night, StandIn discord) => (Night, Discord) = (night, discord);

    public GameNight Night { get; }

    public StandIn Discord { get; }

    /// <param name="database">The test's.</param>
    /// <param name="faults">Of the stand-in, from the beginning.</param>
    /// <param name="settings">Of the bot, beside the token and the address.</param>
    public static Task<DeliveryNight> StartAsync(string database, string? faults = null, params (string Key, string Value)[] settings) =>
        StartAsync(database, clock: null, faults, settings);

    /// <param name="clock">The bot's; null: the right one.</param>
    /// <inheritdoc cref="StartAsync(string, string?, (string, string)[])"/>
    public static async Task<DeliveryNight> StartAsync(
        string database, TimeProvider? clock, string? faults = null, params (string Key, string Value)[] settings)
    {
        // Those of another test's stand-in are none of this.
        await using (var own = NpgsqlDataSource.Create(database))
        await using (var forget = own.CreateCommand("DELETE FROM gateway_sessions"))
            await forget.ExecuteNonQueryAsync();
        var discord = await StandIn.StartAsync();
        if (faults is not null)
            await discord.PutFaultsAsync(faults);
        (string, string)[] account = [("Discord:Token", "a.test.token"), ("Discord:BaseAddress", $"{discord.Address}/api/v10")];
        return new(new GameNight(database, clock, [.. account, .. settings]), discord);
    }

    /// <summary>A bot that is connected to the gateway, and keeps what is written in the first channel.</summary>
    /// <inheritdoc cref="StartAsync(string, string?, (string, string)[])"/>
    public static async Task<DeliveryNight> HearingAsync(string database, TimeProvider? clock = null)
    {
        var delivery = await StartAsync(database, clock, null, ("Discord:Channels:0", StandIn.Channel));
        await delivery.HearsAsync();
        return delivery;
    }

    /// <summary>Waits until it is connected, for the second time, …, and has registered its commands.</summary>
    public Task HearsAsync(int times = 1) => Until.TrueAsync(
        () => Night.Log.Count(line => line.Contains("is connected, at sequence")) >= times
            && Night.Log.Any(line => line.Contains("Registered the commands")),
        "the bot hears");

    /// <summary>What the bot has logged as an error.</summary>
    public IEnumerable<string> Errors => Night.Log.Where(line => line.StartsWith("Error", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await Night.DisposeAsync();
        await Discord.DisposeAsync();
    }

    /// <summary>A game in a channel of its own choice.</summary>
    public Task<(Guid Id, string Channel)> CreateAsync(string channel) => Night.DoAsync(async games =>
        ((await games.CreateAsync(NewGame.GuildId, channel, NewGame.HostId, NewGame.With().Details, "x", default)).Id, channel));

    /// <summary>Channels beside those that the stand-in has.</summary>
    public async Task<string[]> AddChannelsAsync(int count)
    {
        string[] channels = [.. Enumerable.Range(0, count).Select(number => $"{211000000000000000 + number}")];
        foreach (var channel in channels)
            await Discord.AddChannelAsync(channel);
        return channels;
    }

    /// <summary>Waits until the game is posted, and returns its message: the only one.</summary>
    public async Task<JsonObject> PostedOnceAsync(Guid id, string channel)
    {
        await Until.TrueAsync(
            async () => await Night.AnnouncementAsync(id) is { DeliveredVersion: > 0, PostStartedAt: null }, $"{id} is posted",
            TimeSpan.FromSeconds(60));
        return Assert.Single(await MessagesAsync(id, channel));
    }

    /// <summary>Those messages of the channel that are of the game.</summary>
    public async Task<JsonObject[]> MessagesAsync(Guid id, string channel = NewGame.ChannelId)
    {
        var messages = (await Discord.FakeAsync("GET", $"channels/{channel}/messages"))["list"]!.AsArray();
        return [.. messages.OfType<JsonObject>().Where(x => (string?)x["embeds"]?[0]?["footer"]?["text"] == id.ToString())];
    }

    /// <summary>Waits until Discord has the game as it is, and returns its message: the only one.</summary>
    public async Task<JsonObject> DeliveredAsync(Guid id)
    {
        var game = await Night.GameAsync(id);
        await Until.TrueAsync(
            async () => await Night.AnnouncementAsync(id) is { MessageId: not null, PostStartedAt: null } x && x.DeliveredVersion >= game.Version,
            $"version {game.Version} of game {id} is delivered");
        var message = Assert.Single(await MessagesAsync(id));
        Assert.Equal((await Night.AnnouncementAsync(id))!.MessageId, (string?)message["id"]);
        return message;
    }

    public async Task<string> FailureAsync(Guid id)
    {
        await Until.TrueAsync(async () => (await Night.AnnouncementAsync(id))?.Failure is not null, $"game {id} is given up");
        return (await Night.AnnouncementAsync(id))!.Failure!;
    }

    public static string FieldOf(JsonObject message, string name) => (string)message["embeds"]![0]!["fields"]!.AsArray()
        .Single(field => ((string)field!["name"]!).StartsWith(name, StringComparison.Ordinal))!["value"]!;

    public static string Title(JsonObject message) => (string)message["embeds"]![0]!["title"]!;

    public static bool HasButtons(JsonObject message) =>
        message["components"]![0]!["components"]!.AsArray().All(button => (bool?)button!["disabled"] is not true);

    public Task<DirectMessage[]> ToldAsync(Guid id) => Night.InScopeAsync(scope => Task.FromResult(
        ((GamesDbContext)scope.GetService(typeof(GamesDbContext))!).DirectMessages.Where(x => x.GameId == id).OrderBy(x => x.UserId).ToArray()));
}
