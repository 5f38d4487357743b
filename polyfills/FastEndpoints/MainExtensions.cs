using FluentValidation;
using FluentValidation.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace FastEndpoints;

/// <summary>Adds the endpoints to an application.</summary>
public static class MainExtensions
{
    /// <summary>Finds endpoints and validators.</summary>
    public static IServiceCollection AddFastEndpoints(this IServiceCollection services, Action<EndpointDiscoveryOptions>? options = null)
    {
        var discovery = new EndpointDiscoveryOptions();
        options?.Invoke(discovery);

        services.AddSingleton(new EndpointDiscovery(discovery));
        services.AddSingleton<Config>();
        services.TryAddEnumerable(ServiceDescriptor.Transient<IApiDescriptionProvider, EndpointDescriptions>());
        return services;
    }

    /// <summary>Configures the endpoints and maps them.</summary>
    public static IApplicationBuilder UseFastEndpoints(this IApplicationBuilder app, Action<Config>? configAction = null)
    {
        if (app is not IEndpointRouteBuilder routes)
            throw new InvalidCastException("UseFastEndpoints() needs an application that maps routes, like WebApplication.");

        var config = app.ApplicationServices.GetRequiredService<Config>();
        config.Serializer.Options = new(app.ApplicationServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions);
        configAction?.Invoke(config);
        NameFieldsAsJsonDoes(config);
        config.Serializer.Freeze();

        var mapper = new EndpointMapper(routes, config);
        foreach (var definition in app.ApplicationServices.GetRequiredService<EndpointDiscovery>().Find())
            mapper.Map(definition);

        return app;
    }

    private static void NameFieldsAsJsonDoes(Config config)
    {
        if (config.Serializer.Options.PropertyNamingPolicy is not { } naming)
            return;

        ValidatorOptions.Global.PropertyNameResolver = (_, member, expression) =>
        {
            var chain = expression is null ? null : PropertyChain.FromExpression(expression);
            return member is null ? null : naming.ConvertName(chain is { Count: > 0 } ? chain.ToString() : member.Name);
        };
    }
}
