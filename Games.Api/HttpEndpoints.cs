using FastEndpoints;
using Games.Data;
using Microsoft.Extensions.Primitives;

namespace Games.Api;

/// <summary>How FastEndpoints runs here.</summary>
internal static class HttpEndpoints
{
    public static void AddHttpEndpoints(this IHostApplicationBuilder builder)
    {
        builder.Services.AddFastEndpoints(discovery =>
        {
            // Searching every loaded assembly would lengthen the start.
            discovery.DisableAutoDiscovery = true;
            discovery.Assemblies = [typeof(HttpEndpoints).Assembly];
        });
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped<IdempotentRequests>();
        // FastEndpoints copies these options, and the API document describes the bodies by them.
        builder.Services.ConfigureHttpJsonOptions(http => http.SerializerOptions.UseGamesFormat());
    }

    public static void MapHttpEndpoints(this WebApplication app)
    {
        app.Use(QueryParameters.CheckAsync);
        app.MapFastEndpoints(config =>
        {
            // A validator that cannot be made stops the start, and not the first request.
            config.Endpoints.Warmup();
            config.Endpoints.ShortNames = true;
            config.Endpoints.Configurator = endpoint =>
            {
                ParseOurWay(config.Binding, endpoint.ReqDtoType);
                endpoint.Description(route => route.WithMetadata(new QueryParameters(endpoint.ReqDtoType)));
                OpenApiDocument.Describe(endpoint);
            };
            config.Errors.UseProblemDetails();
            config.Errors.ResponseBuilder = BadRequests.Problem;
            config.Serializer.RequestDeserializer = (request, type, _, ct) =>
                UnreadableRequests.ReadBodyAsync(request, type, config.Serializer.Options, ct);
            config.Binding.JsonExceptionTransformer = UnreadableRequests.Explain;
            config.Binding.FailureMessage = (type, _, _) => UnreadableRequests.Expected(type);
        });
        // FastEndpoints serves its test clients a list of all endpoints there, by type and route. It is nobody else's business.
        app.Map("/_test_url_cache_", () => Results.NotFound()).WithOrder(-1).ExcludeFromDescription();
    }

    /// <summary>HEAD is GET whose body the server leaves out, so every GET answers it and none has to say so.</summary>
    public static void UseHeadAsGet(this WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await next(context);
                return;
            }

            context.Request.Method = HttpMethods.Get;
            try
            {
                await next(context);
            }
            finally
            {
                context.Request.Method = HttpMethods.Head;
            }
        });
        // By default it comes before all others, and would still see HEAD.
        app.UseRouting();
    }

    private static void ParseOurWay(BindingOptions binding, Type request)
    {
        foreach (var property in request.GetProperties().Where(property => property.IsDefined(typeof(QueryParamAttribute), inherit: true)))
        {
            var element = property.PropertyType.GetElementType() ?? property.PropertyType;
            var type = Nullable.GetUnderlyingType(element) ?? element;
            if (type.IsEnum)
                binding.ValueParserFor(type, text => ParseByName(type, text));
            else if (type == typeof(DateTimeOffset))
                binding.ValueParserFor(type, text => Rfc3339TimeConverter.Find(text) is { } time ? new(true, time) : new(false, null));
        }
    }

    private static ParseResult ParseByName(Type type, StringValues text) =>
        EnumNames.Find(type, text) is { } found ? new(true, found) : new(false, null);
}
