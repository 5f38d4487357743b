using System.Reflection;

namespace FastEndpoints;

/// <summary>Where endpoints and validators are looked for.</summary>
public sealed class EndpointDiscoveryOptions
{
    /// <summary>Assemblies to look at besides those that are loaded.</summary>
    public IEnumerable<Assembly>? Assemblies { internal get; set; }

    /// <summary>Looks at <see cref="Assemblies"/> only.</summary>
    public bool DisableAutoDiscovery { internal get; set; }

    public Func<Assembly, bool>? AssemblyFilter { internal get; set; }

    public Func<Type, bool>? Filter { internal get; set; }

    /// <summary>The endpoints and validators themselves: no assembly is looked at.</summary>
    public List<Type> SourceGeneratorDiscoveredTypes { get; set; } = [];
}
