using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace FastEndpoints;

/// <summary>Turns the text of routes, queries, claims and headers into values; one parser a type, made once.</summary>
internal sealed class ValueParsers(SerializerOptions serializer)
{
    private readonly ConcurrentDictionary<Type, Func<StringValues, ParseResult>> _parsers = [];

    private delegate bool TryParse<T>(string? text, out T value);

    public Func<StringValues, ParseResult> For(Type type) => _parsers.GetOrAdd(type, Create);

    private Func<StringValues, ParseResult> Create(Type nullable)
    {
        var type = Nullable.GetUnderlyingType(nullable) ?? nullable;

        if (type == typeof(string))
            return values => new(true, values.ToString());
        if (type == typeof(Uri))
            return values => new(Uri.TryCreate(values, UriKind.Absolute, out var uri), uri);
        if (type == typeof(byte[]))
            return Base64;
        if (type.IsEnum)
            return values => new(Enum.TryParse(type, values, ignoreCase: true, out var value), value);
        if (type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IParsable<>) && i.GenericTypeArguments[0] == type))
            return Make(nameof(Parsable), type);
        if (type.GetMethod("TryParse", BindingFlags.Public | BindingFlags.Static, [typeof(string), type.MakeByRefType()]) is { } method)
            return Make(nameof(SelfMade), type, method);
        if (type.IsAssignableTo(typeof(IEnumerable)) && !type.IsAssignableTo(typeof(IDictionary)) && ElementOf(type) is { } element)
            return Make(nameof(Many), element, type);

        return values => values.ToString() is ['{', .., '}'] json ? FromJson(json, type) : default;
    }

    private Func<StringValues, ParseResult> Make(string factory, Type type, params object[] arguments)
        => (Func<StringValues, ParseResult>)GetType()
            .GetMethod(factory, BindingFlags.NonPublic | BindingFlags.Instance)!
            .MakeGenericMethod(type)
            .Invoke(this, arguments)!;

#pragma warning disable CA1822 // Found by name among the instance methods.
    private Func<StringValues, ParseResult> Parsable<T>() where T : IParsable<T>
        => values => new(T.TryParse(values, CultureInfo.InvariantCulture, out var value), value);

    private Func<StringValues, ParseResult> SelfMade<T>(MethodInfo method)
    {
        var tryParse = method.CreateDelegate<TryParse<T>>();
        return values => new(tryParse(values, out var value), value);
    }
#pragma warning restore CA1822

    private Func<StringValues, ParseResult> Many<T>(Type collection)
    {
        var parse = For(typeof(T));
        return values =>
        {
            if (values is [['[', .., ']'] json])
                return FromJson(json, collection);

            var texts = values is [{ } single] && single.Contains(',') ? single.Split(',') : values.ToArray();
            var items = new List<T>(texts.Length);
            foreach (var text in texts)
            {
                var item = parse(text);
                if (!item.IsSuccess)
                    return default;

                items.Add((T)item.Value!);
            }

            if (collection.IsAssignableFrom(typeof(List<T>)))
                return new(true, items);

            return collection.IsAssignableFrom(typeof(T[])) ? new(true, items.ToArray()) : FromJson(JsonSerializer.Serialize(items, serializer.Options), collection);
        };
    }

    private ParseResult FromJson(string json, Type type)
    {
        try
        {
            var value = JsonSerializer.Deserialize(json, type, serializer.Options);
            return new(value is not null, value);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static ParseResult Base64(StringValues values)
    {
        var text = values.ToString();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? new(true, bytes[..length]) : default;
    }

    private static Type? ElementOf(Type type)
        => type.GetElementType() ?? (type.IsGenericType ? type.GetGenericArguments()[0] : null);
}
