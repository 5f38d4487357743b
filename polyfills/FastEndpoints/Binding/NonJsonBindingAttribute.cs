namespace FastEndpoints;

/// <summary>Marks a property whose value comes from elsewhere than the JSON body.</summary>
public abstract class NonJsonBindingAttribute : Attribute;
