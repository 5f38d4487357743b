namespace FastEndpoints;

/// <summary>Binds a boolean property: does the user have this permission?</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HasPermissionAttribute(string permission, bool isRequired = true, bool removeFromSchema = false) : NonJsonBindingAttribute
{
    public string Permission { get; set; } = permission;

    public bool IsRequired { get; set; } = isRequired;

    public bool RemoveFromSchema { get; set; } = removeFromSchema;
}
