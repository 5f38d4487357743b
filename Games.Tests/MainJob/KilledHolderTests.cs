using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Games.Bot.Announcing;
using Games.Data;
using Games.DiscordClient.Rest;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>
/// Two bots of which the one that holds the gateway is killed again and again, while games are made and changed, people click and write. A click that
/// nobody has acknowledged fails in Discord after 3 s, and is not done; one that was acknowledged is answered by whoever takes over. Nothing runs
/// beside it: three seconds and the length of a lease are real ones.
/// </summary>
[Collection(nameof(Alone))]
public sealed class KilledHolderTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private const int Games = 500;
    private const int Kills = 4;
    private const int Seed = 13;

    /// <summary>With more who wait for an answer nobody does anything: how long one takes would be the machine's doing, and not the bots'.</summary>
    private const int MostWaiting = 12;

    /// <summary>Longer than anybody may have to wait, so that it is seen how long it was.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentQueue<string> _written = [];
    private readonly ConcurrentQueue<Task> _clicking = [];
    private readonly ConcurrentQueue<Clicked> _clicks = [];
    private readonly ConcurrentQueue<Guid> _made = [];

    [Fact]
    public async Task Whoever_takes_over_loses_repeats_and_leaves_open_nothing()
    {
        await using var bots = await TwoBots.StartAsync(database.ConnectionString, broker.ConnectionString);
        Task[] busy = [MakeAsync(bots), ChangeAsync(bots), WriteAsync(bots), ClickAsync(bots)];

        await KillAsync(bots);
        await busy[0];
        await _over.CancelAsync();
        await Task.WhenAll(busy);

        await EachGameIsThereOnceAsItIsAsync(bots);
        await NothingWrittenIsMissingAsync(bots);
        await EachClickIsAnsweredAsync(bots);
        // A second session would have begun without what happened in between.
        var gateway = (await bots.Discord.FakeAsync("GET", "statistics"))["gateway"]!;
        Assert.Equal(1, (int)gateway["identifies"]!);
        Assert.InRange((int)gateway["resumes"]!, Kills, 5 * Kills);
    }

    private async Task KillAsync(TwoBots bots)
    {
        var random = new Random(Seed);
        var restarted = Task.CompletedTask;
        Task[] waiting = [];
        for (var kill = 0; kill < Kills; kill++)
        {
            await bots.HeardAsync();
            await restarted;
            // Who meets two deaths in a row, before the second holder has got to his click, would wait for two leases.
            await Task.WhenAll(waiting);
            var moment = _written.Count + random.Next(25, 75);
            await Until.TrueAsync(() => _written.Count >= moment, $"{moment} messages are written");
            restarted = bots.KillHolder().Restarted;
            waiting = [.. _clicking];
        }

        await restarted;
        await bots.HeardAsync();
    }

    private async Task TickAsync(PeriodicTimer pace)
    {
        await pace.WaitForNextTickAsync();
        await Until.TrueAsync(() => _clicking.Count(x => !x.IsCompleted) < MostWaiting, "clicks are answered");
    }

    private async Task MakeAsync(TwoBots bots)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(60));
        for (var made = 0; made < Games; made++)
        {
            var game = Requests.ValidGame("channelId", TwoBots.GameChannels[made % TwoBots.GameChannels.Count]);
            game["title"] = $"game {made}";
            _made.Enqueue((await bots.Api.CreateGameAsync(game)).IdOf());
            await TickAsync(pace);
        }
    }

    private async Task ChangeAsync(TwoBots bots)
    {
        var random = new Random(Seed);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!_over.IsCancellationRequested)
        {
            await TickAsync(pace);
            if (_made.IsEmpty)
                continue;

            var id = _made.ElementAt(random.Next(_made.Count));
            var what = random.Next(20) switch
            {
                0 => bots.Api.PostCancelAsync(id),
                < 8 => bots.Api.PatchGameAsync(id, $$"""{"title":"changed {{random.Next()}}"}""", "*"),
                _ => bots.Api.PutPlayerAsync(id, $"{410000000000000000 + random.Next(1000)}"),
            };
            // 409: it is cancelled.
            using var answer = await what;
            Assert.Contains((int)answer.StatusCode, (int[])[200, 201, 409]);
        }
    }

    private async Task WriteAsync(TwoBots bots)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(40));
        for (var number = 0; !_over.IsCancellationRequested; number++)
        {
            _written.Enqueue(await bots.Discord.WriteAsync($"message {number}"));
            await TickAsync(pace);
        }
    }

    /// <summary>Each pair of user and game clicks once, so that its answer and its game can be compared.</summary>
    private async Task ClickAsync(TwoBots bots)
    {
        var random = new Random(Seed);
        HashSet<(string, string)> pairs = [];
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(90));
        while (!_over.IsCancellationRequested)
        {
            await TickAsync(pace);
            var channel = TwoBots.GameChannels[random.Next(TwoBots.GameChannels.Count)];
            var user = TwoBots.People[random.Next(TwoBots.People.Count)];
            var open = (await bots.Discord.FakeAsync("GET", $"channels/{channel}/messages"))["list"]!.AsArray().OfType<JsonObject>()
                .Where(DeliveryNight.HasButtons).ToArray();
            if (open is not [] && open[random.Next(open.Length)] is var message && pairs.Add((user, (string)message["id"]!)))
                _clicking.Enqueue(ClickAsync(bots, message, user));
        }

        await Task.WhenAll(_clicking);
    }

    private async Task ClickAsync(TwoBots bots, JsonObject message, string user)
    {
        using var answer = await StandIn.SendAsync(
            bots.Discord.Fake, "POST", "clicks",
            $$"""{"messageId":"{{message["id"]}}","userId":"{{user}}","label":"Join","waitMilliseconds":{{Patience.TotalMilliseconds}}}""");
        // 409: its buttons were switched off meanwhile.
        if ((int)answer.StatusCode != 409)
            _clicks.Enqueue(new(Guid.Parse((string)message["embeds"]![0]!["footer"]!["text"]!), user, await answer.BodyAsync()));
    }

    private static async Task EachGameIsThereOnceAsItIsAsync(TwoBots bots)
    {
        await Until.TrueAsync(
            async () => await bots.CountAsync(
                """
                SELECT count(*) FROM games LEFT JOIN announcements ON game_id = id
                WHERE game_id IS NULL OR delivered_version < games.version AND announcements.failure IS NULL
                """) == 0,
            "each game is delivered as it is", TimeSpan.FromSeconds(90));
        Assert.Equal(0, await bots.CountAsync("SELECT count(*) FROM announcements WHERE failure IS NOT NULL"));

        var messages = await bots.MessagesByGameAsync();
        var games = await bots.GamesAsync();
        Assert.Equal(Games, games.Length);
        foreach (var game in games)
        {
            // One that was cancelled before anything was posted has none.
            if (!game.IsOpen && !messages[$"{game.Id}"].Any())
                continue;

            var message = Assert.Single(messages[$"{game.Id}"]);
            Assert.Equal(game.ChannelId, (string?)message["channel_id"]);
            Assert.Equal(game.IsOpen, DeliveryNight.HasButtons(message));
            var wanted = AnnouncementMessage.Of(game, [.. game.Playing, .. game.Waiting], calendar: null).Embeds![0];
            Assert.Equal(wanted.Title, DeliveryNight.Title(message));
            Assert.Equal(
                wanted.Fields!.Select(x => (x.Name, x.Value)),
                message["embeds"]![0]!["fields"]!.AsArray().Select(x => ((string)x!["name"]!, (string)x["value"]!)));
        }
    }

    private async Task NothingWrittenIsMissingAsync(TwoBots bots)
    {
        Assert.InRange(_written.Count, 100, int.MaxValue);
        await Until.TrueAsync(
            async () => await bots.CountAsync("SELECT count(*) FROM discord_messages WHERE message_id = ANY ($1)", _written.ToArray())
                == _written.Count,
            $"all {_written.Count} messages are stored");
    }

    private async Task EachClickIsAnsweredAsync(TwoBots bots)
    {
        var games = (await bots.GamesAsync()).ToDictionary(x => x.Id);
        Assert.InRange(_clicks.Count(x => x.Outcome == "ephemeral"), 50, int.MaxValue);
        Assert.All(_clicks, click =>
        {
            Assert.Contains(click.Outcome, (string[])["ephemeral", "failed"]);
            Assert.InRange(click.Milliseconds, 0, 15_000);
            var isIn = games[click.Game].Find(click.User) is not null;
            var isToBeIn = click.Text.StartsWith("You have a seat", StringComparison.Ordinal) || click.Text.Contains("waiting list, at");
            Assert.True(isIn == isToBeIn, $"{click}: {isIn}");
        });
    }

    private sealed record Clicked(Guid Game, string User, JsonObject Seen)
    {
        public string Outcome => (string)Seen["outcome"]!;

        public string Text => (string?)Seen["text"] ?? "";

        public double Milliseconds => (double)Seen["milliseconds"]!;
    }
}
