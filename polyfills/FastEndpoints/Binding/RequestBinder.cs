using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using FluentValidation.Results;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace FastEndpoints;

/// <summary>Fills a request; later sources win: JSON body, form, route, query, claims, headers, permissions.</summary>
internal sealed class RequestBinder<TRequest> : IBinder where TRequest : notnull
{
    private readonly JsonTypeInfo<TRequest> _json;
    private readonly Func<TRequest> _create = CompileConstructor();
    private readonly Dictionary<string, BoundProperty> _named = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<BoundProperty> _claims = [];
    private readonly List<BoundProperty> _headers = [];
    private readonly List<BoundProperty> _permissions = [];
    private readonly List<string> _required = [];

    public RequestBinder(Config config)
    {
        _json = (JsonTypeInfo<TRequest>)config.Serializer.Options.GetTypeInfo(typeof(TRequest));
        if (typeof(TRequest).IsAssignableTo(typeof(IEnumerable)) || typeof(TRequest).IsValueType)
            return;

        var properties = typeof(TRequest).GetProperties().Where(IsBindable).ToArray();
        if (properties.Length == 0)
            throw new NotSupportedException($"A request needs public properties that can be set: {typeof(TRequest).FullName} has none.");

        TakesBody = properties.Any(p => !p.IsDefined(typeof(NonJsonBindingAttribute)));
        foreach (var property in properties)
            Add(property, config.Parsers);
    }

    public IReadOnlyCollection<BoundProperty> Properties => [.. _named.Values, .. _headers];

    public bool TakesBody { get; } = true;

    public async ValueTask<TRequest> BindAsync(BaseEndpoint endpoint, CancellationToken ct)
    {
        var http = endpoint.HttpContext;
        var request = await ReadBodyAsync(http.Request, ct);

        if (_named.Count > 0)
            await BindNamedAsync(request, endpoint, ct);

        foreach (var claim in _claims)
            BindSingle(request, claim, ClaimsOf(http, claim.Name), endpoint, "User doesn't have this claim type!", "claim");

        foreach (var header in _headers)
            BindSingle(request, header, http.Request.Headers[header.Name], endpoint, "This header is missing from the request!", "header");

        foreach (var permission in _permissions)
            BindPermission(request, permission, endpoint);

        return request;
    }

    private async ValueTask<TRequest> ReadBodyAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasJsonContentType())
            return _create();

        if (request.ContentType!.Contains("charset", StringComparison.OrdinalIgnoreCase) && MediaTypeHeaderValue.Parse(request.ContentType).Encoding is null)
            throw new BadHttpRequestException("The charset of the request is not known.", StatusCodes.Status415UnsupportedMediaType);

        return await request.ReadFromJsonAsync(_json, ct) ?? _create();
    }

    private async ValueTask BindNamedAsync(TRequest request, BaseEndpoint endpoint, CancellationToken ct)
    {
        var http = endpoint.HttpContext.Request;
        var seen = _required.Count > 0 ? new HashSet<string>(StringComparer.OrdinalIgnoreCase) : null;

        if (http.HasFormContentType)
        {
            foreach (var (name, values) in await http.ReadFormAsync(ct))
                BindNamed(request, name, values, Source.FormField, endpoint, seen);
        }

        foreach (var (name, value) in http.RouteValues)
            BindNamed(request, name, value?.ToString(), Source.RouteParam, endpoint, seen);

        if (http.QueryString.HasValue)
        {
            foreach (var (name, values) in http.Query)
                BindNamed(request, name, values, Source.QueryParam, endpoint, seen);
        }

        foreach (var missing in _required.Where(name => !seen!.Contains(name)))
            endpoint.ValidationFailures.Add(new(missing, "A value is required!"));
    }

    private void BindNamed(TRequest request, string name, StringValues values, Source source, BaseEndpoint endpoint, HashSet<string>? seen)
    {
        seen?.Add(name);
        if (!_named.TryGetValue(name, out var property) || property.Disabled.HasFlag(source))
            return;

        var parsed = property.Parse(values);
        if (parsed.IsSuccess || (values is [""] && Nullable.GetUnderlyingType(property.Property.PropertyType) is not null))
            property.Set(request, parsed.Value);
        else
            endpoint.ValidationFailures.Add(new(name, property.Refusal(values)));
    }

    private static void BindSingle(TRequest request, BoundProperty property, StringValues values, BaseEndpoint endpoint, string missing, string kind)
    {
        if (values.Count == 0)
        {
            if (property.Required)
                endpoint.ValidationFailures.Add(new(property.Name, missing));
            return;
        }

        var parsed = property.Parse(values);
        if (parsed.IsSuccess)
            property.Set(request, parsed.Value);
        else
            endpoint.ValidationFailures.Add(new(property.Name, $"Unable to bind {kind} value [{values}] to a [{property.Property.PropertyType.Name}] property!"));
    }

    private static void BindPermission(TRequest request, BoundProperty permission, BaseEndpoint endpoint)
    {
        var granted = endpoint.HttpContext.User.Claims.Any(claim =>
            claim.Type.Equals("permissions", StringComparison.OrdinalIgnoreCase) && claim.Value.Equals(permission.Name, StringComparison.OrdinalIgnoreCase));

        if (granted)
            permission.Set(request, true);
        else if (permission.Required)
            endpoint.ValidationFailures.Add(new ValidationFailure(permission.Name, "User doesn't have this permission!"));
    }

    private static StringValues ClaimsOf(HttpContext http, string type)
        => http.User.Claims.Where(claim => claim.Type.Equals(type, StringComparison.OrdinalIgnoreCase)).Select(claim => claim.Value).ToArray();

    private void Add(PropertyInfo property, ValueParsers parsers)
    {
        var claim = property.GetCustomAttribute<FromClaimAttribute>();
        var header = property.GetCustomAttribute<FromHeaderAttribute>();
        var permission = property.GetCustomAttribute<HasPermissionAttribute>();

        if (claim is not null)
            _claims.Add(new(property, parsers, claim.ClaimType, claim.IsRequired));
        if (header is not null)
            _headers.Add(new(property, parsers, header.HeaderName, header.IsRequired));
        if (permission is not null)
            _permissions.Add(new(property, parsers, permission.Permission, permission.IsRequired));

        // What a claim, a header or a permission has to give cannot be given by the route or the query string.
        if (claim is { IsRequired: true } || header is { IsRequired: true } || permission is not null)
            return;

        var named = new BoundProperty(property, parsers, required: property.GetCustomAttribute<DontBindAttribute>() is { IsRequired: true });
        _named.Add(named.Name, named);
        if (named.Required)
            _required.Add(named.Name);
    }

    private static bool IsBindable(PropertyInfo property)
        => property is { GetMethod.IsPublic: true, SetMethod.IsPublic: true, GetMethod.IsStatic: false }
           && property.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition != JsonIgnoreCondition.Always;

    private static Func<TRequest> CompileConstructor()
    {
        if (typeof(TRequest).IsValueType)
            return () => default!;

        var constructor = typeof(TRequest).GetConstructors().MinBy(c => c.GetParameters().Length)
            ?? throw new NotSupportedException($"A request needs a public constructor: {typeof(TRequest).FullName} has none.");
        var arguments = constructor.GetParameters().Select(p => p.HasDefaultValue && p.DefaultValue is not null
            ? (Expression)Expression.Convert(Expression.Constant(p.DefaultValue), p.ParameterType)
            : Expression.Default(p.ParameterType));

        return Expression.Lambda<Func<TRequest>>(Expression.New(constructor, arguments)).Compile();
    }
}
