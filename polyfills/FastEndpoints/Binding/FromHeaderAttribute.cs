namespace FastEndpoints;

/// <summary>Binds a property from a header.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FromHeaderAttribute(string? headerName = null, bool isRequired = true, bool removeFromSchema = false) : NonJsonBindingAttribute
{
    public FromHeaderAttribute(bool isRequired, bool removeFromSchema = false) : this(null, isRequired, removeFromSchema)
    {
    }

    /// <summary>Null for the property's own name.</summary>
    public string? HeaderName { get; set; } = headerName;

    public bool IsRequired { get; set; } = isRequired;

    public bool RemoveFromSchema { get; set; } = removeFromSchema;
}
