using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using FastEndpoints;
using FluentValidation;
using FluentValidation.Internal;
using FluentValidation.Validators;
using Games.Data;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Games.Api;

/// <summary>Tells the document what its generator cannot see of a request: the parameters, what the validators demand, and an example.</summary>
internal sealed class OpenApiRequests(EndpointDataSource endpoints, IServiceProvider services, IOptions<JsonOptions> json)
    : IOpenApiOperationTransformer, IOpenApiSchemaTransformer
{
    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<EndpointDefinition>().SingleOrDefault() is not { } endpoint)
            return;

        if (endpoint.EndpointSummary?.RequestExamples.SingleOrDefault() is { } example)
            operation.RequestBody!.Content!["application/json"].Example = ExampleOf(example.Value, endpoint.ReqDtoType);

        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<OpenApiDocument.IdempotencyKeyMetadata>().Any())
            AddIdempotencyKey(operation);
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<OpenApiDocument.IfMatchMetadata>().Any())
            AddIfMatch(operation);
        if (endpoint.AnonymousVerbs is not null)
            // Instead of what the document asks for everywhere.
            operation.Security = [new OpenApiSecurityRequirement()];
        if (operation.RequestBody is OpenApiRequestBody body)
            body.Required = !context.Description.ActionDescriptor.EndpointMetadata.OfType<GameAnswers.OptionalBody>().Any();

        SortByStatus(operation.Responses!);
        await AddParametersAsync(operation, endpoint, context, ct);
    }

    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        var type = context.JsonTypeInfo.Type;
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (schema.Type is null && TypeOf(value) is { } written)
            schema.Type = value == type ? written : written | JsonSchemaType.Null;

        if (type.GetElementType() is { } element && ItemsOf(element) is { } items)
            schema.Items = items;

        if (value.IsEnum)
            schema.Enum = [.. EnumNames.Of(value).Select(name => (JsonNode)name)];
        else if (type == typeof(Microsoft.AspNetCore.Mvc.ProblemDetails))
            AddErrors(schema);
        else if (FindEndpoint(type) is { } endpoint && ValidatorOf(endpoint) is { } validator)
            Limit(schema, validator, type);
        else if (type.Assembly == typeof(OpenApiRequests).Assembly)
            // A response has all its properties, be they null.
            schema.Required = schema.Properties?.Keys.ToHashSet();

        return Task.CompletedTask;
    }

    // What converters of ours write, of which the generator knows nothing.
    private static JsonSchemaType? TypeOf(Type value) => value switch
    {
        { IsEnum: true } => JsonSchemaType.String,
        _ when value == typeof(DateTimeOffset) => JsonSchemaType.String,
        _ when value == typeof(int) => JsonSchemaType.Integer,
        _ when value == typeof(JsonElement) => JsonSchemaType.Object,
        _ => null,
    };

    private static OpenApiSchema? ItemsOf(Type element) => TypeOf(element) is not { } written ? null : new()
    {
        Type = written,
        Format = element == typeof(int) ? "int32" : null,
        Enum = element.IsEnum ? [.. EnumNames.Of(element).Select(name => (JsonNode)name)] : null,
    };

    // Without what the address says already, and without what is left out.
    private JsonNode? ExampleOf(object example, Type request)
    {
        var node = JsonSerializer.SerializeToNode(example, json.Value.SerializerOptions)!.AsObject();
        foreach (var name in node.Where(x => x.Value is null).Select(x => x.Key).Concat(NamesInRoute(request)).ToList())
            node.Remove(name);
        return node;
    }

    private static IEnumerable<string> NamesInRoute(Type request) => request.GetProperties()
        .Where(property => property.IsDefined(typeof(RouteParamAttribute))).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));

    private async Task AddParametersAsync(
        OpenApiOperation operation, EndpointDefinition endpoint, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var validator = ValidatorOf(endpoint);
        foreach (var property in endpoint.ReqDtoType.GetProperties())
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var inPath = context.Description.RelativePath!.Contains($"{{{name}}}", StringComparison.OrdinalIgnoreCase);
            if (!inPath && !property.IsDefined(typeof(QueryParamAttribute)))
                continue;

            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var schema = await context.GetOrCreateSchemaAsync(type, cancellationToken: ct);
            Limit(schema, validator, name);
            // Our paths name things by their uuid, and rows of the outbox by their number. What is none names nothing: a 404, as for one that
            // nobody has.
            if (inPath && name is "id")
                schema.Format = "uuid";
            else if (inPath)
                schema.Pattern ??= "^[0-9]+$";
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = name,
                In = inPath ? ParameterLocation.Path : ParameterLocation.Query,
                Required = inPath,
                Description = schema.Description,
                Schema = schema,
            });
            schema.Description = null;
        }
    }

    private static void AddIfMatch(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = HeaderNames.IfMatch,
        In = ParameterLocation.Header,
        Required = true,
        Description = "The ETag of the game that was read, or * to change it whatever it is.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    });

    private static void AddIdempotencyKey(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = IdempotentRequests.Header,
        In = ParameterLocation.Header,
        Description = "Names the request: for 24 hours the same key and body get the first answer, so that a request can be repeated.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyKey.KeyMaxLength },
    });

    // A reader meets what goes well first.
    private static void SortByStatus(OpenApiResponses responses)
    {
        var sorted = responses.OrderBy(response => response.Key, StringComparer.Ordinal).ToList();
        responses.Clear();
        foreach (var (status, response) in sorted)
            responses[status] = response;
    }

    private static void AddErrors(OpenApiSchema problem)
    {
        static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };
        problem.Required = new HashSet<string> { "type", "title", "status", "traceId" };
        foreach (var always in problem.Required)
        {
            if (problem.Properties!.TryGetValue(always, out var property) && property is OpenApiSchema schema)
                schema.Type = (schema.Type ?? JsonSchemaType.Integer) & ~JsonSchemaType.Null;
        }

        problem.Properties!["traceId"] = Text();
        problem.Properties["errors"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Description = "The fields that were refused, and why",
            Items = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema> { ["name"] = Text(), ["reason"] = Text() },
                Required = new HashSet<string> { "name", "reason" },
            },
        };
    }

    private static void Limit(OpenApiSchema body, IValidator validator, Type type)
    {
        // What an empty request is refused for is what a request must have.
        var empty = new FluentValidation.ValidationContext<object>(Activator.CreateInstance(type)!);
        body.Required = validator.Validate(empty).Errors.Select(error => error.PropertyName).Except(NamesInRoute(type)).ToHashSet();
        foreach (var name in NamesInRoute(type))
            body.Properties!.Remove(name);

        foreach (var (name, property) in body.Properties!)
        {
            if (property is not OpenApiSchema schema)
                continue;

            Limit(schema, validator, name);
            if (!body.Required.Contains(name))
                continue;

            // What is required cannot be null. The properties come here after this body, and keep a type that they have.
            var clrType = type.GetProperties().Single(x => x.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).PropertyType;
            schema.Type = (schema.Type ?? TypeOf(Nullable.GetUnderlyingType(clrType) ?? clrType)) & ~JsonSchemaType.Null;
        }
    }

    private static void Limit(OpenApiSchema schema, IValidator? validator, string name)
    {
        foreach (var (rule, options) in validator?.CreateDescriptor().GetValidatorsForMember(name) ?? [])
        {
            switch (rule)
            {
                case IBetweenValidator between:
                    schema.Minimum = Convert.ToString(between.From, CultureInfo.InvariantCulture);
                    schema.Maximum = Convert.ToString(between.To, CultureInfo.InvariantCulture);
                    break;
                case ITextRule text:
                    // JSON Schema counts code points, as our rules do.
                    schema.Pattern = text.Pattern ?? schema.Pattern;
                    schema.MinLength = text.MinLength ?? schema.MinLength;
                    schema.MaxLength = text.MaxLength ?? schema.MaxLength;
                    Explain(schema, options);
                    break;
                case IPredicateValidator:
                    // Only its words say what a predicate demands.
                    Explain(schema, options);
                    break;
            }
        }
    }

    private static void Explain(OpenApiSchema schema, IRuleComponent rule) =>
        schema.Description = string.Join("; ", new[] { schema.Description, rule.GetUnformattedErrorMessage() }.OfType<string>());

    private EndpointDefinition? FindEndpoint(Type request) => endpoints.Endpoints
        .Select(endpoint => endpoint.Metadata.GetMetadata<EndpointDefinition>())
        .FirstOrDefault(endpoint => endpoint?.ReqDtoType == request);

    private IValidator? ValidatorOf(EndpointDefinition endpoint) =>
        endpoint.ValidatorType is { } type ? (IValidator)ActivatorUtilities.GetServiceOrCreateInstance(services, type) : null;
}
