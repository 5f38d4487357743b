using System.Text.Json;
using Games.Api;
using Games.Data;

namespace Games.Tests.Api;

public sealed class JsonFormatTests
{
    private static readonly JsonSerializerOptions Json = Create();

    [Theory]
    [InlineData("scheduled")]
    [InlineData("Scheduled")]
    public void An_enum_is_one_of_its_names(string text)
    {
        Assert.Equal(GameStatus.Scheduled, JsonSerializer.Deserialize<GameStatus>($"\"{text}\"", Json));
        Assert.Equal(GameStatus.Scheduled, JsonSerializer.Deserialize<GameStatus?>($"\"{text}\"", Json));
        Assert.Equal("\"scheduled\"", JsonSerializer.Serialize(GameStatus.Scheduled, Json));
    }

    [Theory]
    [InlineData("\"scheduled,cancelled\"")]
    [InlineData("\" scheduled\"")]
    [InlineData("\"1\"")]
    [InlineData("1")]
    [InlineData("\"\"")]
    public void A_list_or_a_number_is_none(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<GameStatus>(json, Json));

    private static JsonSerializerOptions Create()
    {
        var json = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        json.UseGamesFormat();
        return json;
    }
}
