namespace FastEndpoints;

/// <summary>Binds a property from a claim of the user.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class FromClaimAttribute(string? claimType = null, bool isRequired = true, bool removeFromSchema = false) : NonJsonBindingAttribute
{
    public FromClaimAttribute(bool isRequired, bool removeFromSchema = false) : this(null, isRequired, removeFromSchema)
    {
    }

    /// <summary>Null for the property's own name.</summary>
    public string? ClaimType { get; set; } = claimType;

    public bool IsRequired { get; set; } = isRequired;

    public bool RemoveFromSchema { get; set; } = removeFromSchema;
}
