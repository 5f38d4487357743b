namespace FastEndpoints;

/// <summary>How endpoints are named and where they are mapped.</summary>
public sealed class EndpointOptions
{
    /// <summary>Names endpoints by their class alone, without its namespace.</summary>
    public bool ShortNames { internal get; set; }

    /// <summary>A path before all routes, like <c>api</c>.</summary>
    public string? RoutePrefix { internal get; set; }

    internal string NameOf(Type endpoint, string? verb, int? routeNumber)
    {
        var name = ShortNames ? endpoint.Name : endpoint.FullName!.Replace(".", "");
        var prefix = verb is null ? "" : verb[0] + verb[1..].ToLowerInvariant();
        return $"{prefix}{name}{routeNumber}";
    }

    internal string Prefixed(string route)
        => RoutePrefix is null ? route : $"/{RoutePrefix}/{route.TrimStart('/')}";
}
