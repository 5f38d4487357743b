using FluentValidation;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FastEndpoints;

/// <summary>Configures each endpoint once and maps it.</summary>
internal sealed class EndpointMapper(IEndpointRouteBuilder app, Config config)
{
    private readonly Dictionary<Type, IValidator> _validators = [];
    private readonly HashSet<string> _mapped = new(StringComparer.OrdinalIgnoreCase);

    public void Map(EndpointDefinition definition)
    {
        Prepare(definition);

        for (var i = 0; i < definition.Routes.Length; i++)
        {
            var route = config.Endpoints.Prefixed(definition.Routes[i]);
            foreach (var verb in definition.Verbs)
                Map(definition, verb, route, definition.Routes.Length > 1 ? i + 1 : null);
        }
    }

    private void Prepare(EndpointDefinition definition)
    {
        using var scope = app.ServiceProvider.CreateScope();
        var services = scope.ServiceProvider;

        definition.Config = config;
        definition.Logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(definition.EndpointType);
        definition.Factory = ActivatorUtilities.CreateFactory(definition.EndpointType, []);

        var endpoint = (BaseEndpoint)definition.Factory(services, null);
        endpoint.Definition = definition;
        endpoint.HttpContext = new DefaultHttpContext { RequestServices = services };
        endpoint.Configure();
        if (definition.Routes.Length == 0)
            throw new InvalidOperationException($"{definition.EndpointType.FullName} has no verb and route.");

        definition.Binder = endpoint.CreateBinder(config);
        definition.Validation = ValidatorOf(definition);
        if (definition.HitCounter is { } hits)
            hits.Time = services.GetService<TimeProvider>() ?? TimeProvider.System;
    }

    private IValidator? ValidatorOf(EndpointDefinition definition)
    {
        definition.ChooseValidator();
        if (definition.ValidatorType is not { } type)
            return null;

        if (!_validators.TryGetValue(type, out var validator))
            _validators[type] = validator = (IValidator)ActivatorUtilities.GetServiceOrCreateInstance(app.ServiceProvider, type);

        return validator;
    }

    private void Map(EndpointDefinition definition, string verb, string route, int? routeNumber)
    {
        if (!_mapped.Add($"{verb}:{route}"))
            throw new InvalidOperationException($"Two endpoints are mapped to {verb} {route}.");

        var builder = app.MapMethods(route, [verb], (Delegate)((HttpContext context) => definition.InvokeAsync(context)));
        builder.WithName(config.Endpoints.NameOf(definition.EndpointType, null, routeNumber));
        builder.WithMetadata(definition);
        EndpointDocument.Describe(builder, definition);

        if (definition.AnonymousVerbs?.Contains(verb) is true)
            builder.AllowAnonymous();
        else
            Authorize(builder, definition);

        definition.UserConfiguration?.Invoke(builder);
        builder.Finally(endpoint => definition.NeedsContentType =
            endpoint.Metadata.OfType<IAcceptsMetadata>().LastOrDefault() is { } accepts && !accepts.ContentTypes.Contains("*/*"));
    }

    private static void Authorize(RouteHandlerBuilder builder, EndpointDefinition definition)
    {
        var schemes = definition.AuthSchemeNames is { } names ? string.Join(',', names) : null;
        var roles = definition.AllowedRoles is { } allowed ? string.Join(',', allowed) : null;
        var policies = definition.PreBuiltUserPolicies?.Cast<string?>() ?? [null];

        builder.RequireAuthorization([.. policies.Select(policy => new AuthorizeAttribute { Policy = policy, AuthenticationSchemes = schemes, Roles = roles })]);

        if (definition.AllowedClaimTypes is { } claims)
        {
            builder.RequireAuthorization(policy => policy
                .RequireAuthenticatedUser()
                .RequireAssertion(context => context.User.Claims.Any(claim => claims.Contains(claim.Type, StringComparer.OrdinalIgnoreCase))));
        }
    }
}
