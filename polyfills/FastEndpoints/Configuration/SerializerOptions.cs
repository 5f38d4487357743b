using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastEndpoints;

/// <summary>How JSON is read and written.</summary>
public sealed class SerializerOptions
{
    /// <summary>Starts as a copy of the application's HTTP JSON options.</summary>
    public JsonSerializerOptions Options { get; internal set; } = new(JsonSerializerDefaults.Web);

    internal void Freeze()
    {
        Options.TypeInfoResolver = (Options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(DontRequireWhatComesFromElsewhere);
        Options.MakeReadOnly();
    }

    private static void DontRequireWhatComesFromElsewhere(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
            return;

        foreach (var property in type.Properties)
        {
            if (property.AttributeProvider?.IsDefined(typeof(NonJsonBindingAttribute), inherit: true) is true)
                property.IsRequired = false;
        }
    }
}
