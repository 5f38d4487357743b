using System.Reflection;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Routing.Patterns;

namespace FastEndpoints;

/// <summary>Documents what an endpoint binds from its route, query string and headers: the mapped handler itself takes none of it.</summary>
internal sealed class EndpointParameters : IApiDescriptionProvider
{
    private static readonly EmptyModelMetadataProvider Models = new();

    // After the framework's own provider, which describes the body.
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        foreach (var description in context.Results)
        {
            if (description.ActionDescriptor.EndpointMetadata.OfType<EndpointDefinition>().FirstOrDefault() is { } definition)
                Describe(description, definition);
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }

    private static void Describe(ApiDescription description, EndpointDefinition definition)
    {
        var bodiless = description.HttpMethod is "GET" or "HEAD" or "DELETE" || definition.Binder is { TakesBody: false };
        if (bodiless)
        {
            foreach (var body in description.ParameterDescriptions.Where(p => p.Source == BindingSource.Body).ToArray())
                description.ParameterDescriptions.Remove(body);
        }

        var properties = definition.Binder?.Properties ?? [];
        var route = definition.Routes.SelectMany(r => RoutePatternFactory.Parse(r).Parameters).DistinctBy(p => p.Name).ToArray();
        foreach (var parameter in route.Where(p => description.RelativePath?.Contains($"{{{p.Name}", StringComparison.OrdinalIgnoreCase) is true))
        {
            var property = properties.FirstOrDefault(p => p.Name.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase));
            Add(description, parameter.Name, property?.Property.PropertyType ?? TypeOf(parameter), BindingSource.Path, required: true);
        }

        foreach (var property in properties.Where(p => !route.Any(r => r.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase))))
        {
            if (property.Property.IsDefined(typeof(FromHeaderAttribute)))
                Add(description, property.Name, property.Property.PropertyType, BindingSource.Header, property.Required);
            else if (!property.Disabled.HasFlag(Source.QueryParam) && (bodiless || property.Property.IsDefined(typeof(QueryParamAttribute))))
                Add(description, NameOf(property, definition), property.Property.PropertyType, BindingSource.Query, property.Required);
        }
    }

    private static string NameOf(BoundProperty property, EndpointDefinition definition)
        => property.Name == property.Property.Name
            ? definition.Config.Serializer.Options.PropertyNamingPolicy?.ConvertName(property.Name) ?? property.Name
            : property.Name;

    private static Type TypeOf(RoutePatternParameterPart parameter)
        => parameter.ParameterPolicies.Select(policy => policy.Content).FirstOrDefault() switch
        {
            "guid" => typeof(Guid),
            "int" => typeof(int),
            "long" => typeof(long),
            "bool" => typeof(bool),
            _ => typeof(string)
        };

    private static void Add(ApiDescription description, string name, Type type, BindingSource source, bool required)
        => description.ParameterDescriptions.Add(new()
        {
            Name = name,
            Type = type,
            ModelMetadata = Models.GetMetadataForType(type),
            Source = source,
            IsRequired = required
        });
}
