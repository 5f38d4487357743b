using System.Reflection;
using Microsoft.Extensions.Primitives;

namespace FastEndpoints;

/// <summary>A property of a request, the name it is bound by, and its compiled parser and setter.</summary>
internal sealed class BoundProperty
{
    public BoundProperty(PropertyInfo property, ValueParsers parsers, string? name = null, bool required = false)
    {
        Property = property;
        Name = name ?? property.GetCustomAttribute<BindFromAttribute>()?.Name ?? property.Name;
        Required = required;
        Disabled = property.GetCustomAttribute<DontBindAttribute>()?.BindingSources ?? 0;
        Parse = parsers.For(property.PropertyType);
        Set = (Action<object, object?>)typeof(BoundProperty)
            .GetMethod(nameof(SetterOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(property.ReflectedType!, property.PropertyType)
            .Invoke(null, [property])!;
    }

    public PropertyInfo Property { get; }

    public string Name { get; }

    public bool Required { get; }

    public Source Disabled { get; }

    public Func<StringValues, ParseResult> Parse { get; }

    public Action<object, object?> Set { get; }

    /// <summary>The message names the simple type only: it is for the caller.</summary>
    public string Refusal(StringValues values)
        => $"Value [{values}] is not valid for a [{(Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType).Name}] property!";

    private static Action<object, object?> SetterOf<TOwner, TValue>(PropertyInfo property) where TOwner : class
    {
        var set = property.SetMethod!.CreateDelegate<Action<TOwner, TValue?>>();
        return (owner, value) => set((TOwner)owner, (TValue?)value);
    }
}
