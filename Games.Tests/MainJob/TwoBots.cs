using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Games.AppHost.Servers;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Data;
using Games.Tests.FakeDiscord;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Tests.MainJob;

/// <summary>Two bots as processes of their own before one stand-in for Discord, and the API in this one.</summary>
internal sealed class TwoBots : IAsyncDisposable
{
    private const int Channels = 80;
    private const int Users = 40;

    private readonly string _database;
    private readonly ApiHost _api;
    private readonly GamesService[] _bots;
    private readonly ConcurrentQueue<string> _log = [];
    private volatile int _holder = -1;

    private TwoBots(string database, string broker, StandIn discord)
    {
        (_database, Discord) = (database, discord);
        Source = NpgsqlDataSource.Create(database);
        _api = new(database, broker);
        Api = _api.CreateClient();
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Games"] = database,
            ["ConnectionStrings__RabbitMq"] = broker,
            ["Outbox__Lease"] = "00:00:02",
            ["Discord__Token"] = "a.test.token",
            ["Discord__BaseAddress"] = $"{discord.Address}/api/v10/",
            ["Discord__Channels__0"] = StandIn.Channel,
        };
        _bots = [.. Enumerable.Range(0, 2).Select(number => new GamesService(
            $"bot-{number}", "Games.Bot", $"http://127.0.0.1:{FreePort.Next()}", settings, line => Said(number, line)))];
    }

    public StandIn Discord { get; }

    public HttpClient Api { get; }

    public NpgsqlDataSource Source { get; }

    /// <summary>Where games are announced.</summary>
    public static IReadOnlyList<string> GameChannels { get; } = [.. Enumerable.Range(0, Channels).Select(x => $"{210000000000000000 + x}")];

    /// <summary>Who clicks.</summary>
    public static IReadOnlyList<string> People { get; } = [.. Enumerable.Range(0, Users).Select(x => $"{310000000000000000 + x}")];

    public IReadOnlyCollection<string> Log => _log;

    public static async Task<TwoBots> StartAsync(string database, string broker)
    {
        var bots = new TwoBots(database, broker, await StandIn.StartAsync());
        foreach (var channel in GameChannels)
            await bots.Discord.AddChannelAsync(channel);
        foreach (var user in People)
            await bots.Discord.AddMemberAsync(user);
        await Task.WhenAll(bots._bots.Select(bot => bot.StartAsync()));
        await bots.HeardAsync();
        await Until.TrueAsync(() => bots.Log.Any(line => line.Contains("Registered the commands")), "the commands are registered");
        return bots;
    }

    /// <summary>Waits until one of them holds the gateway and is connected.</summary>
    public Task HeardAsync() => Until.TrueAsync(() => _holder >= 0, "a bot hears what happens in Discord");

    /// <summary>Which of them held the gateway; it is gone without a word, and is started again at once.</summary>
    public (int Killed, Task Restarted) KillHolder()
    {
        var holder = Interlocked.Exchange(ref _holder, -1);
        _bots[holder].Kill();
        _log.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} killed {holder}");
        return (holder, Task.Run(() => _bots[holder].StartAsync()));
    }

    public async Task<Game[]> GamesAsync()
    {
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(_database).Options);
        return await db.Games.AsNoTracking().Include(x => x.Players).ToArrayAsync();
    }

    /// <summary>The messages of a game that its channel has.</summary>
    public async Task<ILookup<string, JsonObject>> MessagesByGameAsync()
    {
        List<JsonObject> all = [];
        foreach (var channel in GameChannels)
            all.AddRange((await Discord.FakeAsync("GET", $"channels/{channel}/messages"))["list"]!.AsArray().OfType<JsonObject>());
        return all.ToLookup(message => (string?)message["embeds"]?[0]?["footer"]?["text"] ?? "");
    }

    public async Task<long> CountAsync(string sql, object? parameter = null)
    {
        await using var command = Source.CreateCommand(sql);
        if (parameter is not null)
            command.Parameters.Add(new() { Value = parameter });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        // What a failure is read by.
        string[] said = ["killed", "ateway", "warn:", "fail:", "crit:", "had no answer"];
        foreach (var line in _log.Where(line => said.Any(word => line.Contains(word, StringComparison.Ordinal))))
            TestContext.Current.TestOutputHelper?.WriteLine(line);
        foreach (var bot in _bots)
        {
            bot.Kill();
            await bot.DisposeAsync();
        }

        Api.Dispose();
        await _api.DisposeAsync();
        await Source.DisposeAsync();
        await Discord.DisposeAsync();
    }

    private void Said(int bot, string line)
    {
        _log.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {bot} {line}");
        if (line.Contains("is connected, at sequence"))
            _holder = bot;
    }
}
