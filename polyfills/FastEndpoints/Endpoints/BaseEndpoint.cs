using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using FluentValidation.Results;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FastEndpoints;

/// <summary>What every endpoint shares: its definition, its request's context, and the words of <see cref="Configure"/>.</summary>
public abstract class BaseEndpoint : IEndpoint
{
    private List<ValidationFailure>? _failures;

    public EndpointDefinition Definition { get; internal set; } = null!;

    public HttpContext HttpContext { get; internal set; } = null!;

    public List<ValidationFailure> ValidationFailures => _failures ??= [];

    public bool ValidationFailed => _failures is { Count: > 0 };

    public ILogger Logger => Definition.Logger;

    /// <summary>A response was sent, though perhaps not a byte of it has left yet.</summary>
    internal bool ResponseSent { get; set; }

    /// <summary>Verb, route, and everything else that is fixed at start.</summary>
    public virtual void Configure()
        => throw new InvalidOperationException($"{GetType().FullName} has to override Configure().");

    public TService Resolve<TService>() where TService : class
        => HttpContext.RequestServices.GetRequiredService<TService>();

    internal abstract IBinder? CreateBinder(Config config);

    internal abstract Task ExecAsync(CancellationToken ct);

    protected void Get([StringSyntax("Route")] params string[] routePatterns) => Route(Http.GET, routePatterns);

    protected void Post([StringSyntax("Route")] params string[] routePatterns) => Route(Http.POST, routePatterns);

    protected void Put([StringSyntax("Route")] params string[] routePatterns) => Route(Http.PUT, routePatterns);

    protected void Patch([StringSyntax("Route")] params string[] routePatterns) => Route(Http.PATCH, routePatterns);

    protected void Delete([StringSyntax("Route")] params string[] routePatterns) => Route(Http.DELETE, routePatterns);

    protected void Group<TEndpointGroup>() where TEndpointGroup : Group, new() => Definition.Group<TEndpointGroup>();

    protected void AllowAnonymous(params Http[] verbs) => Definition.AllowAnonymous(verbs);

    protected void Policies(params string[] policyNames) => Definition.Policies(policyNames);

    protected void Roles(params string[] rolesNames) => Definition.Roles(rolesNames);

    protected void Claims(params string[] claimTypes) => Definition.Claims(claimTypes);

    protected void AuthSchemes(params string[] authSchemeNames) => Definition.AuthSchemes(authSchemeNames);

    protected void Tags(params string[] endpointTags) => Definition.Tags(endpointTags);

    protected void Description(Action<RouteHandlerBuilder> builder, bool clearDefaults = false)
        => Definition.Description(builder, clearDefaults);

    protected void Options(Action<RouteHandlerBuilder> builder) => Definition.Options(builder);

    protected void Summary(Action<EndpointSummary> endpointSummary) => Definition.Summary(endpointSummary);

    protected void Validator<TValidator>() where TValidator : IValidator => Definition.Validator<TValidator>();

    protected void Throttle(int hitLimit, double durationSeconds, string? headerName = null)
        => Definition.Throttle(hitLimit, durationSeconds, headerName);

    protected void DontThrowIfValidationFails() => Definition.DontThrowIfValidationFails();

    private void Route(Http verb, string[] routePatterns)
    {
        Definition.Verbs = [verb.ToString()];
        Definition.Routes = routePatterns;
    }
}
