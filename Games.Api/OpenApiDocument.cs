using FastEndpoints;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;

namespace Games.Api;

/// <summary>The API's document at /openapi.json, and the page that shows and tries it at /docs.</summary>
internal static class OpenApiDocument
{
    private const string DocumentPath = "/openapi.json";
    private const string Bearer = "Bearer";

    public static void AddOpenApiDocument(this IHostApplicationBuilder builder) => builder.Services.AddOpenApi(document =>
    {
        document.AddOperationTransformer<OpenApiRequests>();
        document.AddSchemaTransformer<OpenApiRequests>();
        document.AddDocumentTransformer((description, _, _) =>
        {
            description.Info = new() { Title = "Games", Version = "1", Description = "Game nights for Discord communities." };
            // Where it is served is known to who fetched it, and behind a proxy to nobody here.
            description.Servers = null;
            description.Components ??= new();
            description.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Bearer] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    BearerFormat = $"{ApiKeyText.Prefix}…",
                    Description = "A key that an operator has made: Games.Ops keys create NAME",
                },
            };
            description.Security = [new() { [new(Bearer, description)] = [] }];
            // Endpoints are found in no particular order.
            description.Tags = description.Tags?.OrderBy(tag => tag.Name, StringComparer.Ordinal).ToHashSet();
            return Task.CompletedTask;
        });
    });

    public static void MapOpenApiDocument(this WebApplication app) => app.MapOpenApi(DocumentPath).AllowAnonymous();

    /// <summary>Files that hold nothing of ours: whoever reads them needs no key, and the page asks for one.</summary>
    public static void UseOpenApiPage(this WebApplication app) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = "docs";
        page.SwaggerEndpoint(DocumentPath, "Games");
    });

    /// <summary>The endpoint takes the header Idempotency-Key.</summary>
    public static RouteHandlerBuilder AcceptsIdempotencyKey(this RouteHandlerBuilder route) => route
        .WithMetadata(new IdempotencyKeyMetadata())
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <summary>
    /// Hands what an endpoint says of itself on to the generator, which does not know FastEndpoints, and adds the answers that all have.
    /// </summary>
    public static void Describe(EndpointDefinition endpoint) => endpoint.Description(route =>
    {
        route.WithTags([.. endpoint.EndpointTags ?? []]).WithSummary(endpoint.EndpointSummary?.Summary ?? "");
        route.ProducesProblem(StatusCodes.Status429TooManyRequests).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        if (endpoint.AnonymousVerbs is null)
            route.ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        if (endpoint.ValidatorType is not null)
            route.ProducesProblem(StatusCodes.Status400BadRequest);

        if (endpoint.Verbs is ["GET"] or ["DELETE"])
            route.Add(RemoveBody);
        else
            route.ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    });

    /// <summary>The endpoint needs the header If-Match.</summary>
    public static RouteHandlerBuilder RequiresIfMatch(this RouteHandlerBuilder route) => route
        .WithMetadata(new IfMatchMetadata())
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .ProducesProblem(StatusCodes.Status428PreconditionRequired);

    internal sealed record IdempotencyKeyMetadata;

    internal sealed record IfMatchMetadata;

    // The package says of every request type that it can be a body; the document would show that and no parameters.
    private static void RemoveBody(EndpointBuilder endpoint)
    {
        foreach (var accepts in endpoint.Metadata.OfType<IAcceptsMetadata>().ToList())
            endpoint.Metadata.Remove(accepts);
    }
}
