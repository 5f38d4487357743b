using System.Text.Json;
using System.Text.Json.Serialization;

namespace Games.Data;

/// <summary>JSON as a jsonb column has it: PostgreSQL nests it deeper than the 64 levels that System.Text.Json reads and writes unasked.</summary>
public static class StoredJson
{
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    public static JsonElement Parse(string json) => JsonElement.Parse(json, AnyDepth);
}

/// <summary>Shows stored JSON as it is, however deep.</summary>
public sealed class StoredJsonConverter : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

    // A writer that is given the values one by one counts their depth.
    public override void Write(Utf8JsonWriter writer, JsonElement json, JsonSerializerOptions options) =>
        writer.WriteRawValue(json.GetRawText(), skipInputValidation: true);
}
