using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Routing.Patterns;

namespace FastEndpoints;

/// <summary>Adds what the framework cannot see to the API document: parameters, which no mapped handler takes, and problem details.</summary>
internal sealed class EndpointDescriptions : IApiDescriptionProvider
{
    private static readonly EmptyModelMetadataProvider Models = new();

    // After the framework's own provider, which describes the body.
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        foreach (var description in context.Results)
        {
            if (description.ActionDescriptor.EndpointMetadata.OfType<EndpointDefinition>().FirstOrDefault() is { } definition)
            {
                DescribeParameters(description, definition);
                DescribeProblems(description);
            }
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }

    private static void DescribeParameters(ApiDescription description, EndpointDefinition definition)
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

    // The framework leaves out every response whose type is also a result, which ProblemDetails is.
    private static void DescribeProblems(ApiDescription description)
    {
        var missing = description.ActionDescriptor.EndpointMetadata
            .OfType<IProducesResponseTypeMetadata>()
            .Where(produces => produces.Type == typeof(ProblemDetails))
            .Where(produces => !description.SupportedResponseTypes.Any(response => response.StatusCode == produces.StatusCode));

        foreach (var problem in missing.ToArray())
        {
            description.SupportedResponseTypes.Add(new()
            {
                StatusCode = problem.StatusCode,
                Type = problem.Type,
                ModelMetadata = Models.GetMetadataForType(problem.Type!),
                Description = problem.Description,
                ApiResponseFormats = [.. problem.ContentTypes.Select(type => new ApiResponseFormat { MediaType = type })]
            });
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
