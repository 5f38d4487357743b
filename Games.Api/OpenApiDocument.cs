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
    private const string PagePath = "docs";
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
                    Description = "A key that an operator has made: ./games keys create NAME",
                },
            };
            description.Security = [new() { [new(Bearer, description)] = [] }];
            AddHealth(description);
            // Endpoints are found in no particular order.
            description.Tags = description.Tags?.OrderBy(tag => tag.Name, StringComparer.Ordinal).ToHashSet();
            return Task.CompletedTask;
        });
    });

    /// <summary>Whoever opens the bare address is led to the page.</summary>
    public static void MapOpenApiDocument(this WebApplication app)
    {
        app.MapOpenApi(DocumentPath).AllowAnonymous();
        app.MapGet("/", () => Results.Redirect($"/{PagePath}")).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>Files that hold nothing of ours: whoever reads them needs no key, and the page asks for one.</summary>
    public static void UseOpenApiPage(this WebApplication app) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = PagePath;
        page.DocumentTitle = "Games API";
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

        if (endpoint.Verbs is ["GET"] || !TakesBody(endpoint.ReqDtoType))
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

    // Health checks are no endpoints that the generator knows.
    private static void AddHealth(Microsoft.OpenApi.OpenApiDocument description)
    {
        const string Outbox = "/health/outbox";
        foreach (var (path, summary) in new[]
        {
            ("/health/live", "Says that the process answers"),
            ("/health/ready", "Says whether the service can do its job: 200 while the database answers, even with the broker down"),
            (Outbox, "Says whether messages wait for long or are dead, and whether the relay is stuck"),
        })
        {
            var operation = new OpenApiOperation
            {
                Tags = new HashSet<OpenApiTagReference> { new("Health", description) },
                Summary = summary,
                Responses = new()
                {
                    ["200"] = new OpenApiResponse { Description = "Healthy" },
                    ["503"] = new OpenApiResponse { Description = "Degraded or unhealthy" },
                },
                // An empty list: no key is needed.
                Security = path is Outbox ? null : [],
            };
            if (path is Outbox)
            {
                operation.Responses["401"] = new OpenApiResponse { Description = "Unauthorized" };
                operation.Responses["403"] = new OpenApiResponse { Description = "Forbidden" };
            }

            description.Paths[path] = new OpenApiPathItem { Operations = new() { [HttpMethod.Get] = operation } };
        }

        (description.Tags ??= new HashSet<OpenApiTag>()).Add(new() { Name = "Health" });
    }

    private static bool TakesBody(Type request) => request.GetProperties().Any(property =>
        property.CanWrite
        && !property.IsDefined(typeof(QueryParamAttribute), inherit: true)
        && !property.IsDefined(typeof(RouteParamAttribute), inherit: true));

    // The package says of every request type that it can be a body; the document would show that and no parameters.
    private static void RemoveBody(EndpointBuilder endpoint)
    {
        foreach (var accepts in endpoint.Metadata.OfType<IAcceptsMetadata>().ToList())
            endpoint.Metadata.Remove(accepts);
    }
}
