using FluentValidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastEndpoints;

/// <summary>All that is known about an endpoint once it is configured; a group's settings are made on it too.</summary>
public sealed class EndpointDefinition(Type endpointType, Type requestDtoType, Type responseDtoType)
{
    public Type EndpointType { get; } = endpointType;

    public Type ReqDtoType { get; } = requestDtoType;

    public Type ResDtoType { get; } = responseDtoType;

    public string[] Routes { get; internal set; } = [];

    public string[] Verbs { get; internal set; } = [];

    public Type? ValidatorType { get; internal set; }

    public string[]? AnonymousVerbs { get; private set; }

    public List<string>? AllowedClaimTypes { get; private set; }

    public List<string>? AllowedRoles { get; private set; }

    public List<string>? AuthSchemeNames { get; private set; }

    public List<string>? PreBuiltUserPolicies { get; private set; }

    public List<string>? EndpointTags { get; private set; }

    public EndpointSummary? EndpointSummary { get; private set; }

    public bool ThrowIfValidationFails { get; private set; } = true;

    internal Config Config { get; set; } = null!;

    internal ObjectFactory Factory { get; set; } = null!;

    internal IBinder? Binder { get; set; }

    internal IValidator? Validation { get; set; }

    internal ILogger Logger { get; set; } = NullLogger.Instance;

    internal HitCounter? HitCounter { get; private set; }

    internal bool ImplementsExecute { get; init; }

    internal IReadOnlyList<Type> CandidateValidators { get; init; } = [];

    internal bool NeedsContentType { get; set; }

    internal Action<RouteHandlerBuilder>? UserConfiguration { get; private set; }

    internal bool RequiresAuthorization
        => AllowedClaimTypes is not null || AllowedRoles is not null || AuthSchemeNames is not null || PreBuiltUserPolicies is not null;

    public void AllowAnonymous(params Http[] verbs)
        => AnonymousVerbs = verbs.Length > 0 ? [.. verbs.Select(v => v.ToString())] : Enum.GetNames<Http>();

    public void Policies(params string[] policyNames) => (PreBuiltUserPolicies ??= []).AddRange(policyNames);

    public void Roles(params string[] rolesNames) => (AllowedRoles ??= []).AddRange(rolesNames);

    public void Claims(params string[] claimTypes) => (AllowedClaimTypes ??= []).AddRange(claimTypes);

    public void AuthSchemes(params string[] authSchemeNames) => (AuthSchemeNames ??= []).AddRange(authSchemeNames);

    public void Tags(params string[] endpointTags) => (EndpointTags ??= []).AddRange(endpointTags);

    public void Description(Action<RouteHandlerBuilder> builder, bool clearDefaults = false)
        => Options(clearDefaults ? ClearDefaults + builder : builder);

    // What is added later runs first: a group comes after its endpoint's own settings, and those have the last word.
    public void Options(Action<RouteHandlerBuilder> builder) => UserConfiguration = builder + UserConfiguration;

    public void Summary(Action<EndpointSummary> endpointSummary) => endpointSummary(EndpointSummary ??= new());

    public void Validator<TValidator>() where TValidator : IValidator => ValidatorType = typeof(TValidator);

    public void Throttle(int hitLimit, double durationSeconds, string? headerName = null)
        => HitCounter = new(hitLimit, TimeSpan.FromSeconds(durationSeconds), headerName);

    public void DontThrowIfValidationFails() => ThrowIfValidationFails = false;

    public void Group<TEndpointGroup>() where TEndpointGroup : Group, new()
    {
        if (Routes.Length == 0)
            throw new InvalidOperationException($"The group of {EndpointType.FullName} has to be named after its route.");

        new TEndpointGroup().Apply(this);
    }

    internal Task InvokeAsync(HttpContext context)
    {
        if (HitCounter is not null && HitCounter.Refuses(context, out var statusCode, out var reason))
        {
            context.Response.StatusCode = statusCode;
            return context.Response.WriteAsync(reason, context.RequestAborted);
        }

        // Routing refuses a wrong content type; it lets a request pass that has none.
        if (NeedsContentType && string.IsNullOrEmpty(context.Request.ContentType))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return context.Response.StartAsync(context.RequestAborted);
        }

        var endpoint = (BaseEndpoint)Factory(context.RequestServices, null);
        endpoint.Definition = this;
        endpoint.HttpContext = context;
        if (endpoint is IAsyncDisposable asyncDisposable)
            context.Response.RegisterForDisposeAsync(asyncDisposable);
        else if (endpoint is IDisposable disposable)
            context.Response.RegisterForDispose(disposable);

        return endpoint.ExecAsync(context.RequestAborted);
    }

    internal void ChooseValidator()
        => ValidatorType ??= CandidateValidators switch
        {
            [] => null,
            [var only] => only,
            _ => throw new InvalidOperationException($"{ReqDtoType.FullName} has several validators: {EndpointType.FullName} has to choose one by Validator<TValidator>().")
        };

    internal void PrefixRoutes(string prefix)
        => Routes = [.. Routes.Select(route => prefix.EndsWith('/') || route.StartsWith('/') ? prefix + route : $"{prefix}/{route}")];

    private static void ClearDefaults(RouteHandlerBuilder builder)
    {
        builder.Add(endpoint => Remove<IAcceptsMetadata>(endpoint.Metadata));
        builder.Finally(endpoint => Remove<DefaultProduces>(endpoint.Metadata));
    }

    private static void Remove<T>(IList<object> metadata)
    {
        for (var i = metadata.Count - 1; i >= 0; i--)
        {
            if (metadata[i] is T)
                metadata.RemoveAt(i);
        }
    }
}
