using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FastEndpoints;
using FluentValidation.Results;
using Games.Data;
using Microsoft.Net.Http.Headers;

namespace Games.Api;

/// <summary>
/// What a caller is told whose request cannot be read: which field, and what it takes. The serializer's own words would name types of ours.
/// </summary>
internal static class UnreadableRequests
{
    private const string WholeBody = "body";

    public static async ValueTask<object?> ReadBodyAsync(HttpRequest request, Type type, JsonSerializerOptions json, CancellationToken ct)
    {
        // A content type comes with many a GET, and sometimes a body, which has no meaning (RFC 9110, 9.3.1).
        if (HttpMethods.IsGet(request.Method) || request.HttpContext.LeavesOutBody())
            return null;

        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var content) && content.Charset.HasValue && !IsKnown(content))
            throw new BadHttpRequestException("The charset of the body is not known.", StatusCodes.Status415UnsupportedMediaType);

        try
        {
            return await request.ReadFromJsonAsync(type, json, ct);
        }
        catch (JsonException failure)
        {
            var (field, reason) = ReasonOf(failure, PropertyAt(failure.Path, json.GetTypeInfo(type)), request.HttpContext);
            throw new JsonBindException(field, reason, failure);
        }
    }

    private static bool IsKnown(MediaTypeHeaderValue content)
    {
        try
        {
            return content.Encoding is not null;
        }
        catch (NotSupportedException)
        {
            // .NET knows UTF-7 and refuses to read it.
            return false;
        }
    }

    public static ValidationFailure Explain(JsonException failure) =>
        failure is JsonBindException refused
            ? new(refused.FieldName, refused.FailureMessage)
            : throw new InvalidOperationException("An endpoint met JSON that it cannot read: its own fault, and no bad request.", failure);

    /// <summary>What a field of this type takes, in words that read well after its name.</summary>
    public static string Expected(Type? type) => (type is null ? null : Nullable.GetUnderlyingType(type) ?? type) switch
    {
        { IsArray: true } list when list.GetElementType() is { IsEnum: true } names => Expected(names),
        { IsEnum: true } names => $"must be one of {string.Join(", ", EnumNames.Of(names))}",
        var text when text == typeof(string) => "must be a string of Unicode text",
        var number when number == typeof(int) => $"must be a whole number of at most {int.MaxValue}",
        var numbers when numbers == typeof(int[]) => "must be a list of whole numbers",
        var uuid when uuid == typeof(Guid) => "must be a uuid",
        var time when time == typeof(DateTimeOffset) => $"must be {Rfc3339TimeConverter.Expected}",
        _ => "cannot be read",
    };

    private static (string Field, string Reason) ReasonOf(JsonException failure, JsonPropertyInfo? property, HttpContext context) =>
        (property, failure.InnerException) switch
        {
            // No property of the exception tells this from a syntax error.
            (_, JsonException tooDeep) when tooDeep.Message.Contains("maximum configured depth", StringComparison.Ordinal) =>
                (property?.Name ?? WholeBody, "The body is nested more than 64 levels deep."),
            (_, JsonException) or (null, not null) =>
                (WholeBody, $"The body is not valid JSON (line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1})."),
            (null, null) => (WholeBody, "The body must be a JSON object."),
            _ => (property.Name, FieldRules.KindOf(property.Name, context) ?? Expected(property.PropertyType)),
        };

    /// <summary>The field that a path such as $.scheduledAt or $.reminders[1] names; null for a name that is no field of ours.</summary>
    private static JsonPropertyInfo? PropertyAt(string? path, JsonTypeInfo body) => path is ['$', '.', .. var field]
        ? body.Properties.FirstOrDefault(property => property.Name.Equals(field.Split('[')[0], StringComparison.OrdinalIgnoreCase))
        : null;
}
