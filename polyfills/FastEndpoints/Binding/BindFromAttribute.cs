namespace FastEndpoints;

/// <summary>The name that a property is bound from, if not its own.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BindFromAttribute(string name) : Attribute
{
    public string Name { get; set; } = name;
}
