namespace FastEndpoints;

/// <summary>Binds a property from the query string.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class QueryParamAttribute() : DontBindAttribute(Source.RouteParam | Source.FormField);
