namespace FastEndpoints;

/// <summary>Settings and a route prefix that several endpoints share; a group calls <see cref="Configure"/> in its constructor.</summary>
public abstract class Group
{
    internal Action<EndpointDefinition> Apply { get; private set; } = _ => { };

    protected virtual void Configure(string routePrefix, Action<EndpointDefinition> ep)
        => Apply = definition =>
        {
            definition.PrefixRoutes(routePrefix);
            ep(definition);
        };
}
