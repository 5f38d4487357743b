namespace FastEndpoints;

/// <summary>The settings of all endpoints of an application.</summary>
public sealed class Config
{
    public Config()
    {
        Parsers = new(Serializer);
    }

    public EndpointOptions Endpoints { get; } = new();

    public ErrorOptions Errors { get; } = new();

    public SerializerOptions Serializer { get; } = new();

    internal ValueParsers Parsers { get; }
}
