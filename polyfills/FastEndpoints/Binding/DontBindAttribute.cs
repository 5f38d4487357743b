namespace FastEndpoints;

/// <summary>Keeps a property from being bound from some sources.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class DontBindAttribute(Source sources) : NonJsonBindingAttribute
{
    public Source BindingSources { get; set; } = sources;

    /// <summary>A request without a value is refused.</summary>
    public bool IsRequired { get; set; }
}
