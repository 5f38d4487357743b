namespace FastEndpoints;

/// <summary>A request's binder, as the API document sees it.</summary>
internal interface IBinder
{
    /// <summary>The properties that can be bound from elsewhere than the body.</summary>
    IReadOnlyCollection<BoundProperty> Properties { get; }

    /// <summary>Whether any property can come from the JSON body.</summary>
    bool TakesBody { get; }
}
