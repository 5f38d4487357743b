using System.Text.Json;
using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Rest;

/// <summary>The JSON of a request, or Discord's refusal.</summary>
internal static class RequestBody
{
    public static async Task<Form> ReadFormAsync(HttpContext context) => await ReadAsync(context) is JsonObject body
        ? new(body, new())
        : throw DiscordError.InvalidForm("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");

    public static async Task<JsonNode?> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw DiscordError.InvalidForm(
                "", "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json'}.");
        }

        try
        {
            return await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        }
        catch (JsonException)
        {
            throw DiscordError.InvalidJson;
        }
    }

    public static string Snowflake(HttpContext context, string name)
    {
        var value = (string)context.Request.RouteValues[name]!;
        return State.Json.IsSnowflake(value)
            ? value
            : throw DiscordError.InvalidForm(name, "NUMBER_TYPE_COERCE", $"Value \"{value}\" is not snowflake.");
    }
}
