using System.Text.Json;
using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

/// <summary>What a payload becomes, and what becomes of one that breaks its contract.</summary>
public sealed class ContractTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private readonly EventsTable _events = new(database.ConnectionString);
    private readonly string _channel = $"test-{Guid.NewGuid():n}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Fact]
    public async Task An_event_with_a_contract_becomes_its_message()
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, Exchanges.GameCreated);
        await using var api = await StartAsync();
        var game = AGame();

        var id = await _events.InsertAsync("game.created", JsonSerializer.Serialize(game, JsonSerializerOptions.Web));

        await listener.HearsAsync(id);
        Assert.Equal(game, Assert.Single(listener.Heard, x => x.MessageId == id).Message);
    }

    [Fact]
    public async Task A_message_of_Discord_may_come_by_the_journal_too()
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, Exchanges.DiscordMessageReceived);
        await using var api = await StartAsync();

        var id = await _events.InsertAsync("discord.message.received", """
            {"messageId":"600000000000000001","channelId":"200000000000000001","guildId":null,"authorId":"400000000000000001","authorName":"Anna",
             "content":"hello","sentAt":"2026-11-21T20:00:00+01:00","attachments":[{"url":"a.png"}]}
            """);
        var broken = await _events.InsertAsync("discord.message.received", """{"messageId":"600000000000000002","embeds":7}""");

        await listener.HearsAsync(id);
        var message = Assert.IsType<DiscordMessageReceived>(Assert.Single(listener.Heard, x => x.MessageId == id).Message);
        Assert.Equal(
            ("600000000000000001", "hello", "a.png"),
            (message.MessageId, message.Content, message.Attachments!.Single().GetProperty("url").GetString()));
        Assert.Contains("field \"embeds\" must be a list", await _events.OutcomeAsync(broken));
    }

    [Theory]
    [InlineData("5.0")]
    [InlineData("0.5e1")]
    public async Task A_whole_number_may_be_written_with_a_fraction_of_nothing(string maxPlayers)
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, Exchanges.GameCreated);
        await using var api = await StartAsync();
        var payload = JsonSerializer.Serialize(AGame(), JsonSerializerOptions.Web).Replace("\"maxPlayers\":5", $"\"maxPlayers\":{maxPlayers}");

        var id = await _events.InsertAsync("game.created", payload);

        await listener.HearsAsync(id);
        Assert.Equal(5, Assert.IsType<GameCreated>(Assert.Single(listener.Heard, x => x.MessageId == id).Message).MaxPlayers);
    }

    [Theory]
    [InlineData("field \"title\" is missing", "title", null)]
    [InlineData("field \"title\" must be a text", "title", "7")]
    [InlineData("field \"title\" must be a text", "title", "null")]
    [InlineData("field \"maxPlayers\" must be a whole number", "maxPlayers", "\"5\"")]
    [InlineData("field \"maxPlayers\" must be a whole number", "maxPlayers", "5.5")]
    [InlineData("field \"gameId\" must be a uuid", "gameId", "\"no uuid\"")]
    [InlineData("field \"scheduledAt\" must be an RFC 3339 time with an offset", "scheduledAt", "\"2031-01-01T20:00:00\"")]
    [InlineData("field \"colour\" is unknown", "colour", "\"blue\"")]
    public async Task A_payload_that_breaks_its_contract_is_dead_at_once_and_holds_nobody_up(string error, string field, string? value)
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();
        var payload = JsonSerializer.SerializeToNode(AGame(), JsonSerializerOptions.Web)!.AsObject();
        payload.Remove(field);
        if (value is not null)
            payload[field] = System.Text.Json.Nodes.JsonNode.Parse(value);

        var broken = await _events.InsertAsync("game.created", payload.ToJsonString());
        var behind = await _events.InsertAsync("test.event", channel: _channel);

        await listener.HearsAsync(behind);
        Assert.StartsWith($"payload breaks the contract of game.created: {error}", await _events.OutcomeAsync(broken));
        Assert.Equal(1, await _events.ScalarAsync("select attempts from events where id = $1 and dead_at is not null", broken));
    }

    [Theory]
    [InlineData(70)]
    [InlineData(1000)]
    public async Task A_payload_that_is_nested_too_deeply_is_dead_at_once_and_holds_nobody_up(int depth)
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();

        var broken = await _events.InsertAsync("test.event", $$"""{"a":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""", _channel);
        var behind = await _events.InsertAsync("test.event", channel: _channel);

        await listener.HearsAsync(behind);
        Assert.Contains("depth", await _events.OutcomeAsync(broken), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, await _events.ScalarAsync("select attempts from events where id = $1 and dead_at is not null", broken));
    }

    [Fact]
    public async Task Each_fault_of_a_payload_is_named()
    {
        await using var api = await StartAsync();

        var broken = await _events.InsertAsync("game.created", """{"title":1,"colour":"blue"}""");

        var error = await _events.OutcomeAsync(broken);
        Assert.All(
            ["\"gameId\" is missing", "\"title\" must be a text", "\"maxPlayers\" is missing", "\"colour\" is unknown"],
            x => Assert.Contains(x, error));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public async Task An_error_that_is_cut_is_not_cut_through_a_character(string offByOne)
    {
        await using var api = await StartAsync();

        var broken = await _events.InsertAsync("game.created", $$"""{"{{offByOne}}{{string.Concat(Enumerable.Repeat("🎲", 1500))}}":1}""");

        Assert.Contains("🎲", await _events.OutcomeAsync(broken));
        Assert.Equal(1, await _events.ScalarAsync("select attempts from events where id = $1 and dead_at is not null", broken));
    }

    private static GameCreated AGame() => new(
        Guid.CreateVersion7(), "100000000000000001", "200000000000000001", "300000000000000001", "Friday raid",
        new(2131, 1, 1, 19, 0, 0, TimeSpan.Zero), 5);

    private Task<ChannelListener> ListenAsync() => ChannelListener.StartAsync(broker.ConnectionString, $"events.{_channel}");

    private Task<ApiHost> StartAsync() => JournalApi.StartAsync(database.ConnectionString, broker.ConnectionString);
}
