using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Rest;

/// <summary>One object of a body: reads its fields and notes what is wrong with them. A field that is null counts as absent.</summary>
internal sealed class Form(JsonObject json, FormErrors errors, string path = "")
{
    public FormErrors Errors { get; } = errors;

    public JsonObject Json { get; } = json;

    public bool Has(string name) => Json.ContainsKey(name);

    public void Refuse(string name, string code, string message) => Errors.Add(PathOf(name), code, message);

    public void Require(string name)
    {
        if (Json[name] is null)
            Refuse(name, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// <summary>Text without the space around it, which Discord trims; lengths are code points.</summary>
    public string? Text(string name, int max, int min = 0)
    {
        if (Json[name] is not { } node)
            return null;
        if (TextOf(node) is not { } text)
        {
            Refuse(name, "STRING_TYPE_CONVERT", "Could not interpret the value as string.");
            return null;
        }

        text = text.Trim();
        var length = text.EnumerateRunes().Count();
        if (min > 0 && length == 0)
            Refuse(name, "BASE_TYPE_REQUIRED", "This field is required");
        else if (min > 1 && (length < min || length > max))
            Refuse(name, "BASE_TYPE_BAD_LENGTH", $"Must be between {min} and {max} in length.");
        else if (length > max)
            Refuse(name, "BASE_TYPE_MAX_LENGTH", $"Must be {max} or fewer in length.");
        return text;
    }

    public string? RequiredText(string name, int max, int min = 1)
    {
        Require(name);
        return Text(name, max, min);
    }

    public long? Integer(string name, long min = long.MinValue, long max = long.MaxValue)
    {
        if (Json[name] is not { } node)
            return null;
        if (!long.TryParse(TextOf(node) ?? node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            Refuse(name, "NUMBER_TYPE_COERCE", $"Value {node.ToJsonString()} is not int.");
        else if (value < min)
            Refuse(name, "NUMBER_TYPE_MIN", $"int value should be greater than or equal to {min}.");
        else if (value > max)
            Refuse(name, "NUMBER_TYPE_MAX", $"int value should be less than or equal to {max}.");
        else
            return value;
        return null;
    }

    public int? Choice(string name, params int[] choices)
    {
        if (Integer(name) is not { } value)
            return null;
        if (choices.Contains((int)value))
            return (int)value;
        Refuse(name, "BASE_TYPE_CHOICES", $"Value must be one of {{{string.Join(", ", choices)}}}.");
        return null;
    }

    public bool Flag(string name)
    {
        if (Json[name] is not { } node)
            return false;
        if (node.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return node.GetValue<bool>();
        Refuse(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
        return false;
    }

    public string? Snowflake(string name)
    {
        if (Json[name] is not { } node)
            return null;
        if (TextOf(node) is { } text && State.Json.IsSnowflake(text))
            return text;
        Refuse(name, "NUMBER_TYPE_COERCE", $"Value {node.ToJsonString()} is not snowflake.");
        return null;
    }

    public List<string> Texts(string name, int max) => Items(name, max)?.Select(item => TextOf(item) ?? "").ToList() ?? [];

    public Form? Object(string name)
    {
        if (Json[name] is not { } node)
            return null;
        if (node is JsonObject child)
            return new(child, Errors, PathOf(name));
        Refuse(name, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        return null;
    }

    public List<Form> Objects(string name, int max, int min = 0)
    {
        var forms = new List<Form>();
        foreach (var (item, index) in (Items(name, max, min) ?? []).Select((item, index) => (item, index)))
        {
            if (item is JsonObject child)
                forms.Add(new(child, Errors, $"{PathOf(name)}.{index}"));
            else
                Refuse($"{name}.{index}", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        }

        return forms;
    }

    /// <summary>Discord does not say how it refuses a field that it does not know; that it is refused here shows a typing error early.</summary>
    public void RefuseUnknown(params string[] known)
    {
        foreach (var name in Json.Select(field => field.Key).Except(known))
            Refuse(name, "UNKNOWN_FIELD", $"Unknown field \"{name}\".");
    }

    public static string? TextOf(JsonNode? node)
    {
        try
        {
            return node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }

    private JsonArray? Items(string name, int max, int min = 0)
    {
        if (Json[name] is not { } node)
            return null;
        if (node is not JsonArray items)
            Refuse(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        else if (items.Count < min || items.Count > max)
            Refuse(name, "BASE_TYPE_BAD_LENGTH", $"Must be between {min} and {max} in length.");
        else
            return items;
        return null;
    }

    private string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
