using System.Text.Json;
using Games.Contracts;

namespace Games.Tests.Contracts;

public sealed class GameCreatedTests
{
    private static readonly GameCreated Event = new(
        Guid.Parse("019aa000-0000-7000-8000-000000000001"), "100000000000000001", "200000000000000001", "300000000000000001",
        "Friday raid", new DateTimeOffset(2031, 1, 1, 19, 0, 0, TimeSpan.Zero), 5);

    [Fact]
    public void Its_words_on_the_wire_do_not_change()
    {
        Assert.Equal(
            """{"gameId":"019aa000-0000-7000-8000-000000000001","guildId":"100000000000000001","channelId":"200000000000000001","host""" +
            """Id":"300000000000000001","title":"Friday raid","scheduledAt":"2031-01-01T19:00:00+00:00","maxPlayers":5""" +
            ""","version":1,"at":null,"by":null}""",
            JsonSerializer.Serialize(Event, JsonSerializerOptions.Web));
    }

    [Fact]
    public void A_field_that_a_later_version_adds_is_ignored()
    {
        var later = JsonSerializer.Serialize(Event, JsonSerializerOptions.Web).Replace("{", """{"addedLater":true,""", StringComparison.Ordinal);

        Assert.Equal(Event, JsonSerializer.Deserialize<GameCreated>(later, JsonSerializerOptions.Web));
    }

    [Fact]
    public void An_event_from_before_games_had_versions_is_of_the_first()
    {
        var earlier = JsonSerializer.Serialize(Event, JsonSerializerOptions.Web)
            .Replace(""","version":1,"at":null,"by":null""", "", StringComparison.Ordinal);

        Assert.Equal(Event, JsonSerializer.Deserialize<GameCreated>(earlier, JsonSerializerOptions.Web));
    }
}
