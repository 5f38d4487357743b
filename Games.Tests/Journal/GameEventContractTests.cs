using System.Text.Json;
using System.Text.Json.Nodes;
using Games.Contracts;
using Games.Journal;

namespace Games.Tests.Journal;

/// <summary>The events of a game, as anybody may say them by a row of the journal.</summary>
public sealed class GameEventContractTests
{
    private static readonly Guid Id = Guid.Parse("019aa000-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset At = new(2031, 1, 1, 19, 0, 0, TimeSpan.Zero);
    private static readonly GameDetails Old = new("Friday raid", null, null, At, null, 5, [1440, 60]);
    private static readonly GameDetails New = Old with { MaxPlayers = 6 };

    public static TheoryData<string, object> Events => new()
    {
        { "game.created", new GameCreated(Id, "1", "2", "3", "Friday raid", At, 5, 1, At, "x") },
        { "game.updated", new GameUpdated(Id, 2, "1", "2", ["maxPlayers"], Old, New, At, "x") },
        { "game.cancelled", new GameCancelled(Id, 2, "1", "2", null, "3", "Friday raid", At, "ill", At, "x") },
        { "game.reminder_due", new GameReminderDue(Id, 1, "1", "2", "3", "Friday raid", At, 60, At) },
        { "game.started", new GameStarted(Id, 2, "1", "2", "Friday raid", At, At) },
        { "game.finished", new GameFinished(Id, 3, "1", "2", "Friday raid", At) },
        { "player.joined", new PlayerJoined(Id, 2, "1", "4", "Ada", 7, At, "x") },
        { "player.left", new PlayerLeft(Id, 3, "1", "4", true, At, "x") },
        { "player.promoted", new PlayerPromoted(Id, 3, "1", "4", At, "x") },
        { "player.demoted", new PlayerDemoted(Id, 3, "1", "4", 1, At, "x") },
    };

    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_is_what_its_payload_says(string type, object said)
    {
        Assert.True(KnownEvents.TryFind(type, out var contract));
        Assert.Equal(type, KnownEvents.EventTypes[said.GetType().Name]);
        Assert.Contains(type, Exchanges.All);
        var payload = JsonSerializer.SerializeToElement(said, said.GetType(), JsonSerializerOptions.Web);

        var read = KnownEvents.Read(type, contract, payload);

        Assert.IsType(said.GetType(), read);
        Assert.Equal(payload.GetRawText(), JsonSerializer.Serialize(read, read.GetType(), JsonSerializerOptions.Web));
    }

    [Theory]
    [InlineData("changed", "7", "field \"changed\" must be a list")]
    [InlineData("changed", "[7]", "field \"changed\" must be a list")]
    [InlineData("new", "7", "field \"new\" must be an object as in its contract")]
    [InlineData("new", """{"title":"x"}""", "field \"new\" must be an object as in its contract")]
    [InlineData("version", "null", "field \"version\" must be a whole number")]
    public void A_payload_that_breaks_its_contract_is_refused_in_words_that_name_no_type_of_ours(string field, string value, string words)
    {
        var payload = JsonSerializer.SerializeToNode(new GameUpdated(Id, 2, "1", "2", [], Old, New, At, "x"), JsonSerializerOptions.Web)!.AsObject();
        payload[field] = JsonNode.Parse(value);

        var refused = Assert.Throws<EventRefusedException>(
            () => KnownEvents.Read("game.updated", typeof(GameUpdated), JsonSerializer.SerializeToElement(payload)));

        Assert.EndsWith($": {words}", refused.Message);
    }
}
