using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace FastEndpoints;

/// <summary>The metadata by which an endpoint is documented, and by which routing refuses other content types.</summary>
internal static class EndpointDocument
{
    private const string Json = "application/json";

    public static void Describe(RouteHandlerBuilder builder, EndpointDefinition definition)
    {
        // The handler's own signature says 200 and nothing else.
        builder.Add(endpoint =>
        {
            foreach (var inferred in endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().ToArray())
                endpoint.Metadata.Remove(inferred);
        });

        DescribeRequest(builder, definition);
        if (definition.EndpointTags is { } tags)
            builder.WithTags([.. tags]);

        if (definition.ResDtoType.IsAssignableTo(typeof(IEndpointMetadataProvider)))
            builder.Add(endpoint => Populate(definition.ResDtoType, endpoint));

        if (definition.EndpointSummary is { } summary)
            Describe(builder, summary);

        builder.Finally(endpoint =>
        {
            foreach (var response in Responses(definition))
                AddUnlessDocumented(endpoint.Metadata, response);

            foreach (var (statusCode, description) in definition.EndpointSummary?.Responses ?? [])
                DescribeResponse(endpoint.Metadata, statusCode, description);
        });
    }

    private static void DescribeRequest(RouteHandlerBuilder builder, EndpointDefinition definition)
    {
        if (definition.Binder is null)
            return;

        if (!definition.Binder.TakesBody)
            builder.Accepts(definition.ReqDtoType, "*/*");
        else if (definition.Verbs.Any(verb => verb is "GET" or "HEAD" or "DELETE"))
            builder.Accepts(definition.ReqDtoType, "*/*", Json);
        else
            builder.Accepts(definition.ReqDtoType, Json);
    }

    private static void Describe(RouteHandlerBuilder builder, EndpointSummary summary)
    {
        if (summary.Summary.Length > 0)
            builder.WithSummary(summary.Summary);
        if (summary.Description.Length > 0)
            builder.WithDescription(summary.Description);

        foreach (var response in summary.Produces)
            builder.WithMetadata(response);
    }

    private static IEnumerable<DefaultProduces> Responses(EndpointDefinition definition)
    {
        if (definition.ResDtoType == typeof(object))
            yield return new(typeof(void), 204);
        else if (!definition.ResDtoType.IsAssignableTo(typeof(IResult)))
            yield return new(definition.ResDtoType, 200, Json);

        if (definition.AnonymousVerbs is null)
            yield return new(typeof(void), 401);
        if (definition.RequiresAuthorization)
            yield return new(typeof(void), 403);
        if (definition.Validation is not null)
            yield return new(definition.Config.Errors.BodyType, definition.Config.Errors.StatusCode, ErrorOptions.ContentType);
    }

    private static void AddUnlessDocumented(IList<object> metadata, DefaultProduces response)
    {
        var documented = metadata.OfType<IProducesResponseTypeMetadata>().Select(produces => produces.StatusCode);
        if (!documented.Any(status => status == response.StatusCode || (status / 100 == 2 && response.StatusCode / 100 == 2)))
            metadata.Add(response);
    }

    private static void DescribeResponse(IList<object> metadata, int statusCode, string description)
    {
        var response = metadata.OfType<DefaultProduces>().FirstOrDefault(produces => produces.StatusCode == statusCode);
        if (response is not null)
            response.Description = description;
        else if (!metadata.OfType<IProducesResponseTypeMetadata>().Any(produces => produces.StatusCode == statusCode))
            metadata.Add(new DefaultProduces(typeof(void), statusCode) { Description = description });
    }

    private static void Populate(Type provider, EndpointBuilder endpoint)
        => typeof(EndpointDocument)
            .GetMethod(nameof(PopulateBy), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(provider)
            .Invoke(null, [endpoint]);

    private static void PopulateBy<T>(EndpointBuilder endpoint) where T : IEndpointMetadataProvider
        => T.PopulateMetadata(((Delegate)PopulateBy<T>).Method, endpoint);
}
