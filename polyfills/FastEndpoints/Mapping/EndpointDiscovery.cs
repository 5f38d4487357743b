using System.Reflection;
using FluentValidation;

namespace FastEndpoints;

/// <summary>Finds the endpoints and the validators of their requests.</summary>
internal sealed class EndpointDiscovery(EndpointDiscoveryOptions options)
{
    public IReadOnlyList<EndpointDefinition> Find()
    {
        var types = options.SourceGeneratorDiscoveredTypes.Count > 0 ? options.SourceGeneratorDiscoveredTypes : [.. Scan()];
        var validators = types.ToLookup(type => ArgumentsOf(type, typeof(Validator<>))?[0]);
        var definitions = types.Where(type => type.IsAssignableTo(typeof(BaseEndpoint))).Select(type => Define(type, validators)).ToArray();

        return definitions.Length > 0 ? definitions : throw new InvalidOperationException("FastEndpoints found no endpoints.");
    }

    private IEnumerable<Type> Scan()
    {
        var assemblies = options.Assemblies ?? [];
        if (!options.DisableAutoDiscovery)
            assemblies = assemblies.Union(AppDomain.CurrentDomain.GetAssemblies().Where(MayHoldEndpoints));

        return assemblies
            .Where(assembly => options.AssemblyFilter?.Invoke(assembly) ?? true)
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsAbstract: false, IsGenericType: false } && !type.IsDefined(typeof(DontRegisterAttribute)))
            .Where(type => type.IsAssignableTo(typeof(BaseEndpoint)) || ArgumentsOf(type, typeof(Validator<>)) is not null)
            .Where(type => options.Filter?.Invoke(type) ?? true);
    }

    private static bool MayHoldEndpoints(Assembly assembly)
        => !assembly.IsDynamic && assembly.GetReferencedAssemblies().Any(name => name.Name == typeof(BaseEndpoint).Assembly.GetName().Name);

    private static EndpointDefinition Define(Type type, ILookup<Type?, Type> validators)
    {
        var arguments = ArgumentsOf(type, typeof(Endpoint<,>))
            ?? throw new InvalidOperationException($"{type.FullName} has to derive from Endpoint<TRequest, TResponse> or one of its kin.");
        var handles = Overrides(type, nameof(Endpoint<>.HandleAsync));
        var executes = Overrides(type, nameof(Endpoint<>.ExecuteAsync));
        if (handles == executes)
            throw new InvalidOperationException($"{type.FullName} has to override either HandleAsync or ExecuteAsync.");

        return new(type, arguments[0], arguments[1])
        {
            ImplementsExecute = executes,
            CandidateValidators = [.. validators[arguments[0]]]
        };
    }

    private static bool Overrides(Type type, string method)
        => type.GetMethods().Any(m => m.Name == method && m.DeclaringType!.Assembly != typeof(BaseEndpoint).Assembly);

    private static Type[]? ArgumentsOf(Type type, Type generic)
    {
        for (var candidate = type; candidate is not null; candidate = candidate.BaseType)
        {
            if (candidate.IsGenericType && candidate.GetGenericTypeDefinition() == generic)
                return candidate.GetGenericArguments();
        }

        return null;
    }
}
