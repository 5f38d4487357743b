using System.Text.Json;
using System.Text.Json.Serialization;

namespace Games.Api;

/// <summary>
/// An enum is one of its names, in the query as in JSON. The parsers of .NET also take numbers, and lists, of which they make another value.
/// </summary>
internal sealed class EnumNames : JsonConverterFactory
{
    public static object? Find(Type type, string? text) =>
        Enum.GetNames(type).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found
            ? Enum.Parse(type, found)
            : null;

    public static IEnumerable<string> Of(Type type) => Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName);

    public override bool CanConvert(Type type) => type.IsEnum;

    public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(type))!;

    private sealed class Converter<TEnum> : JsonConverter<TEnum>
        where TEnum : struct, Enum
    {
        public override TEnum Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType is JsonTokenType.String && Find(type, reader.GetString()) is TEnum found
                ? found
                : throw new JsonException(UnreadableRequests.Expected(type));

        public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) =>
            writer.WriteStringValue(JsonNamingPolicy.CamelCase.ConvertName(value.ToString()));
    }
}
