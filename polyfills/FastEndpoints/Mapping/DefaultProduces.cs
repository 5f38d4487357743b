using Microsoft.AspNetCore.Http.Metadata;

namespace FastEndpoints;

/// <summary>A response that is documented unless the endpoint documents its own; a type apart, so that it can be told and cleared.</summary>
internal sealed class DefaultProduces(Type type, int statusCode, params string[] contentTypes) : IProducesResponseTypeMetadata
{
    public Type? Type { get; } = type;

    public int StatusCode { get; } = statusCode;

    public IEnumerable<string> ContentTypes { get; } = contentTypes;

    public string? Description { get; set; }
}
