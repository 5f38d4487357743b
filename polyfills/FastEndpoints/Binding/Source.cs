namespace FastEndpoints;

/// <summary>Where a value can come from by its name.</summary>
[Flags]
public enum Source
{
    FormField = 1 << 0,
    RouteParam = 1 << 1,
    QueryParam = 1 << 2,
    All = FormField | RouteParam | QueryParam
}
