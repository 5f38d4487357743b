using System.Globalization;
using System.Text.Json.Nodes;

namespace Games.FakeDiscord.State;

internal static class Json
{
    public static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.ffffff+00:00", CultureInfo.InvariantCulture);

    public static JsonArray Array(IEnumerable<JsonNode> items) => new([.. items]);

    public static bool IsSnowflake(string? text) => text is { Length: > 0 and <= 20 } && ulong.TryParse(text, NumberStyles.None, null, out _);

    public static ulong Number(string snowflake) => ulong.Parse(snowflake, NumberStyles.None, CultureInfo.InvariantCulture);
}
