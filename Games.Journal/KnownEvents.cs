using System.Collections;
using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Games.Contracts;
using Games.Data;

namespace Games.Journal;

/// <summary>The events of the journal that have a contract. Their payload is the contract's JSON, and nothing else.</summary>
public static class KnownEvents
{
    private static readonly FrozenDictionary<string, Type> Contracts = new Dictionary<string, Type>
    {
        [Exchanges.GameCreated] = typeof(GameCreated),
        [Exchanges.GameUpdated] = typeof(GameUpdated),
        [Exchanges.GameCancelled] = typeof(GameCancelled),
        [Exchanges.GameReminderDue] = typeof(GameReminderDue),
        [Exchanges.GameStarted] = typeof(GameStarted),
        [Exchanges.GameFinished] = typeof(GameFinished),
        [Exchanges.PlayerJoined] = typeof(PlayerJoined),
        [Exchanges.PlayerLeft] = typeof(PlayerLeft),
        [Exchanges.PlayerPromoted] = typeof(PlayerPromoted),
        [Exchanges.PlayerDemoted] = typeof(PlayerDemoted),
        [Exchanges.DiscordMessageReceived] = typeof(DiscordMessageReceived),
    }.ToFrozenDictionary();

    private static readonly JsonSerializerOptions Strict = CreateOptions();

    /// <summary>Event types by the name of their contract.</summary>
    public static FrozenDictionary<string, string> EventTypes { get; } = Contracts.ToFrozenDictionary(x => x.Value.Name, x => x.Key);

    public static bool TryFind(string eventType, out Type contract) => Contracts.TryGetValue(eventType, out contract!);

    /// <summary>The message that the payload says.</summary>
    /// <exception cref="EventRefusedException">A field is missing, of another type, or none of the contract's: all are named.</exception>
    public static object Read(string eventType, Type contract, JsonElement payload)
    {
        var fields = Strict.GetTypeInfo(contract).Properties;
        var errors = new List<string>();

        foreach (var field in fields)
        {
            if (!payload.TryGetProperty(field.Name, out var value))
            {
                if (field.IsRequired)
                    errors.Add($"field \"{field.Name}\" is missing");
            }
            else if (!Fits(field, value))
            {
                errors.Add($"field \"{field.Name}\" must be {Words(field.PropertyType)}");
            }
        }

        var unknown = payload.EnumerateObject().Where(x => fields.All(field => field.Name != x.Name));
        errors.AddRange(unknown.Select(x => $"field \"{x.Name}\" is unknown"));

        return errors is []
            ? payload.Deserialize(contract, Strict)!
            : throw new EventRefusedException("payload", $"breaks the contract of {eventType}: {string.Join("; ", errors)}");
    }

    private static bool Fits(JsonPropertyInfo field, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Null)
            return field.IsSetNullable && (!field.PropertyType.IsValueType || Nullable.GetUnderlyingType(field.PropertyType) is not null);

        try
        {
            value.Deserialize(field.PropertyType, Strict);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Words(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.String => "a text",
        TypeCode.Boolean => "true or false",
        TypeCode.Int32 or TypeCode.Int64 => "a whole number",
        TypeCode.Double or TypeCode.Decimal => "a number",
        _ when (Nullable.GetUnderlyingType(type) ?? type) == typeof(Guid) => "a uuid",
        _ when (Nullable.GetUnderlyingType(type) ?? type) == typeof(DateTimeOffset) => Rfc3339TimeConverter.Expected,
        _ when typeof(IEnumerable).IsAssignableFrom(type) => "a list",
        _ when (Nullable.GetUnderlyingType(type) ?? type) == typeof(JsonElement) => "JSON",
        _ => "an object as in its contract",
    };

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            Converters = { new Rfc3339TimeConverter(), new WholeNumberConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
