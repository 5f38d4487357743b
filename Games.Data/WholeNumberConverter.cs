using System.Text.Json;
using System.Text.Json.Serialization;

namespace Games.Data;

/// <summary>A whole number is one however it is written (7, 7.0, 70e-1), as JSON Schema says: languages without integers write the second.</summary>
public sealed class WholeNumberConverter : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.Number)
        {
            if (reader.TryGetInt32(out var number))
                return number;
            // A decimal is exact, unlike a double, and knows no infinity.
            if (reader.TryGetDecimal(out var given) && decimal.IsInteger(given) && given is >= int.MinValue and <= int.MaxValue)
                return (int)given;
        }

        throw new JsonException("must be a whole number");
    }

    public override void Write(Utf8JsonWriter writer, int number, JsonSerializerOptions options) => writer.WriteNumberValue(number);
}
