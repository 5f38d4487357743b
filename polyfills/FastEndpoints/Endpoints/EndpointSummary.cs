using Microsoft.AspNetCore.Http.Metadata;

namespace FastEndpoints;

/// <summary>What the API document says about an endpoint.</summary>
public class EndpointSummary
{
    internal List<IProducesResponseTypeMetadata> Produces { get; } = [];

    public string Summary { get; set; } = "";

    public string Description { get; set; } = "";

    /// <summary>An example of the request.</summary>
    public object? ExampleRequest { get; set; }

    /// <summary>Descriptions of the parameters, by name.</summary>
    public Dictionary<string, string> Params { get; set; } = [];

    /// <summary>Descriptions of the responses, by status code.</summary>
    public Dictionary<int, string> Responses { get; set; } = [];

    public string this[int statusCode]
    {
        get => Responses[statusCode];
        set => Responses[statusCode] = value;
    }

    public void Response<TResponse>(int statusCode = 200, string? description = null, string contentType = "application/json", TResponse? example = default)
        => Add(new(typeof(TResponse), statusCode, contentType), description);

    public void Response(int statusCode = 200, string? description = null, string? contentType = null)
        => Add(contentType is null ? new(typeof(void), statusCode) : new(typeof(void), statusCode, contentType), description);

    private void Add(DefaultProduces produces, string? description)
    {
        Produces.Add(produces);
        if (description is not null)
            Responses[produces.StatusCode] = description;
    }
}
