namespace FastEndpoints;

/// <summary>Binds a property from the route.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RouteParamAttribute() : DontBindAttribute(Source.QueryParam | Source.FormField);
