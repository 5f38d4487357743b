namespace FastEndpoints;

/// <summary>A parsed value; the type's default if it could not be parsed.</summary>
internal readonly record struct ParseResult(bool IsSuccess, object? Value);
