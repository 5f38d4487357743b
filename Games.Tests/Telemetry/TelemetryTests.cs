using System.Diagnostics;
using System.Text.Json.Nodes;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.FakeDiscord;
using Games.Tests.MainJob;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Telemetry;

/// <summary>What both services tell a collector, as processes of their own: one trace from a request to Discord's answer, and from a click.</summary>
public sealed class TelemetryTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private const string Api = "Games.Api";
    private const string Bot = "Games.Bot";

    [Fact]
    public async Task One_trace_leads_from_a_request_to_Discords_answer_and_from_a_click_to_its_answer()
    {
        await using var discord = await StandIn.StartAsync();
        await using var collector = await OtlpReceiver.StartAsync();
        await discord.AddMemberAsync(StandIn.Ben);
        await using var services = await RunningWithAsync(discord, collector);
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());
        await Until.TrueAsync(() => services.BotLog.Any(line => line.Contains("is connected, at sequence")), "the bot hears");

        using var client = services.Client();
        var id = (await client.CreateGameAsync(Requests.ValidGame())).IdOf();
        var posted = await EndAsync(collector, "Games.DiscordClient", "POST channels/{}/messages");
        Assert.Equal(
            [
                $"{Bot}: Games.DiscordClient: POST channels/{{}}/messages",
                $"{Bot}: Games.Bot: announcement deliver",
                $"{Api}: MassTransit: game.created send",
                $"{Api}: Games.Outbox: outbox publish",
                $"{Api}: MassTransit: outbox send",
                $"{Api}: Microsoft.AspNetCore: POST /games",
            ],
            await AncestorsAsync(collector, posted));
        var consumed = await EndAsync(collector, "MassTransit", "announce-game process");
        Assert.Equal(
            [$"{Bot}: MassTransit: announce-game process", $"{Bot}: MassTransit: announce-game receive", $"{Api}: MassTransit: game.created send"],
            (await AncestorsAsync(collector, consumed))[..3]);

        await discord.ClickAsync(await MessageAsync(discord), StandIn.Ben, "Join");
        var answered = await EndAsync(collector, "Games.DiscordClient", "PATCH webhooks/{}/{}/messages/@original");
        Assert.Equal(
            [$"{Bot}: Games.DiscordClient: PATCH webhooks/{{}}/{{}}/messages/@original", $"{Bot}: Games.Bot: interaction button"],
            await AncestorsAsync(collector, answered));
        var edited = await EndAsync(collector, "Games.DiscordClient", "PATCH channels/{}/messages/{}");
        Assert.Equal(answered.Trace, edited.Trace);
        Assert.Equal(
            [
                $"{Bot}: Games.DiscordClient: PATCH channels/{{}}/messages/{{}}",
                $"{Bot}: Games.Bot: announcement deliver",
                $"{Bot}: MassTransit: player.joined send",
                $"{Bot}: Games.Outbox: outbox publish",
                $"{Bot}: MassTransit: outbox send",
                $"{Bot}: Games.Bot: interaction button",
            ],
            await AncestorsAsync(collector, edited));

        NothingIsBegunByLookingAtTables(collector);
        await discord.WriteAsync("who brings snacks?");
        await EachMeterSpeaksAsync(collector);
        await ALogLineTellsItsGameAndTraceAsync(collector, id, posted.Trace);
        var secret = await CalendarSecretAsync(id);
        (await client.GetAsync($"/games/{id}/calendar.ics?secret={secret}")).EnsureSuccessStatusCode();
        await EndAsync(collector, "Microsoft.AspNetCore", "GET /games/{id}/calendar.ics");
        Assert.False(collector.HasHeardOf(secret), "A secret link is in the telemetry.");
        Assert.False(collector.HasHeardOf("a.test.token"), "The bot's token is in the telemetry.");
    }

    [Fact]
    public async Task Each_of_several_that_are_announced_in_one_transaction_is_delivered_in_its_own_trace()
    {
        await using var discord = await StandIn.StartAsync();
        await using var collector = await OtlpReceiver.StartAsync();
        await using var services = await RunningWithAsync(discord, collector);
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());
        using var client = services.Client();

        services.Bot.Freeze();
        var games = new Dictionary<string, string>();
        for (var i = 0; i < 4; i++)
        {
            var trace = ActivityTraceId.CreateRandom().ToHexString();
            client.DefaultRequestHeaders.Remove("traceparent");
            client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
            games.Add($"{(await client.CreateGameAsync(Requests.ValidGame())).IdOf()}", trace);
        }

        await services.OutboxEmptyAsync();
        services.Bot.Thaw();

        await Until.TrueAsync(() => games.Keys.All(id => DeliveryOf(id) is not null), "all are delivered");
        Assert.Equal(games, games.ToDictionary(game => game.Key, game => DeliveryOf(game.Key)!.Trace));

        OtlpReceiver.Span? DeliveryOf(string id) => collector.Spans.FirstOrDefault(
            span => span.Name == "announcement deliver" && span.Attributes.GetValueOrDefault("game.id") == id);
    }

    private async Task<RunningServices> RunningWithAsync(StandIn discord, OtlpReceiver collector)
    {
        // Those of another test's stand-in are none of this.
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var forget = source.CreateCommand("DELETE FROM gateway_sessions");
        await forget.ExecuteNonQueryAsync();
        return new(
            database.ConnectionString, broker.ConnectionString,
            new Dictionary<string, string>
            {
                ["Discord__Token"] = "a.test.token",
                ["Discord__BaseAddress"] = $"{discord.Address}/api/v10/",
                ["Discord__Channels__0"] = StandIn.Channel,
            },
            collector.Settings);
    }

    private static async Task<OtlpReceiver.Span> EndAsync(OtlpReceiver collector, string source, string name)
    {
        try
        {
            await Until.TrueAsync(() => collector.Spans.Any(span => span.Source == source && span.Name == name), $"the span {name} has ended");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new InvalidOperationException(
                $"{failure.Message} There are: {string.Join(", ", collector.Spans.Select(x => $"{x}").Distinct())}", failure);
        }

        return collector.Spans.First(span => span.Source == source && span.Name == name);
    }

    /// <summary>The span, and who has wanted it, up to the beginning of its trace. Each has been sent, or is waited for.</summary>
    private static async Task<string[]> AncestorsAsync(OtlpReceiver collector, OtlpReceiver.Span span)
    {
        var line = new List<string> { $"{span}" };
        while (span.Parent.Length > 0)
        {
            var (trace, parent) = (span.Trace, span.Parent);
            await Until.TrueAsync(
                () => collector.Spans.Any(x => x.Trace == trace && x.Id == parent),
                $"the parent of the last has been sent: {string.Join(" < ", line)}");
            span = collector.Spans.Single(x => x.Trace == trace && x.Id == parent);
            line.Add($"{span}");
        }

        return [.. line];
    }

    private static void NothingIsBegunByLookingAtTables(OtlpReceiver collector) =>
        Assert.DoesNotContain(collector.Spans, span => span is { Source: "Npgsql", Parent: "" });

    private static async Task EachMeterSpeaksAsync(OtlpReceiver collector)
    {
        string[] both = ["Games.Health", "Games.Outbox", "MassTransit", "Microsoft.AspNetCore.Hosting", "Npgsql", "System.Runtime"];
        foreach (var (service, meters) in new[] { (Api, both), (Bot, [.. both, "Games.Bot"]) })
        {
            foreach (var meter in meters)
                await Until.TrueAsync(() => collector.Instruments.Any(x => x.Service == service && x.Meter == meter), $"{service} says {meter}");
        }
    }

    private static async Task ALogLineTellsItsGameAndTraceAsync(OtlpReceiver collector, Guid id, string trace)
    {
        await Until.TrueAsync(
            () => collector.Logs.Any(x => x.Service == Bot && x.Trace == trace && x.Attributes.GetValueOrDefault("GameId") == $"{id}"),
            "a line of the log tells its game and its trace");
        Assert.Contains(collector.Logs, x => x.Text.StartsWith($"Posted game {id} in channel", StringComparison.Ordinal));
    }

    private async Task<string> CalendarSecretAsync(Guid id)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("SELECT calendar_secret FROM announcements WHERE game_id = $1");
        command.Parameters.Add(new() { Value = id });
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<JsonObject> MessageAsync(StandIn discord) =>
        (JsonObject)(await discord.FakeAsync("GET", $"channels/{StandIn.Channel}/messages"))["list"]!.AsArray().Single()!;
}
