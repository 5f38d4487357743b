using System.Text.Json;
using System.Text.Json.Serialization;

namespace Games.Data;

/// <summary>A time without an offset means another instant on every machine that reads it, so it is refused.</summary>
public sealed class Rfc3339TimeConverter : JsonConverter<DateTimeOffset>
{
    public const string Expected = "an RFC 3339 time with an offset, such as 2031-01-01T20:00:00+01:00";

    /// <summary>Reads a time of a query as one of a body, but that a plus which is not escaped is a space there.</summary>
    public static DateTimeOffset? Find(string? text)
    {
        if (text?.Replace(' ', '+') is not { } given || !HasTimeAndOffset(given))
            return null;

        // The parser of .NET would take 01/02/2031T20:00:00Z too.
        var reader = new Utf8JsonReader(JsonSerializer.SerializeToUtf8Bytes(given));
        return reader.Read() && reader.TryGetDateTimeOffset(out var time) ? time : null;
    }

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String && reader.TryGetDateTimeOffset(out var time) && HasTimeAndOffset(reader.GetString()!)
            ? time
            : throw new JsonException($"must be {Expected}");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset time, JsonSerializerOptions options) =>
        writer.WriteStringValue(time);

    // The reader has checked the rest: it takes a bare date, a time without seconds and one without an offset as well. Behind the seconds
    // only an offset has a colon.
    private static bool HasTimeAndOffset(string text) =>
        text.Length >= "2031-01-01T20:00:00Z".Length
        && text[10] is 'T' && text[16] is ':'
        && (text[^1] is 'Z' || text[^3] is ':');
}
