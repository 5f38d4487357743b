using System.Text.Json;
using FluentValidation.Results;

namespace FastEndpoints;

/// <summary>A body that cannot be read, said to the caller: which field, and why, without the names of our types.</summary>
internal static class JsonFailure
{
    private const string WholeBody = "SerializerErrors";

    public static ValidationFailure From(JsonException exception) => new(FieldOf(exception), ReasonOf(exception));

    private static string FieldOf(JsonException exception)
        => exception.Path is { } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : WholeBody;

    private static string ReasonOf(JsonException exception)
        => exception switch
        {
            { InnerException: JsonException } => $"The body is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}).",
            { InnerException: { } inner } => inner.Message,
            _ when exception.Message.Contains("missing required properties", StringComparison.Ordinal)
                => $"Required: {exception.Message[(exception.Message.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]}",
            _ when exception.Message.Contains("| LineNumber: ", StringComparison.Ordinal) => "The value is not valid.",
            _ => exception.Message
        };
}
