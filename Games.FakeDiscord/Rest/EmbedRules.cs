using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Rest;

/// <summary>https://discord.com/developers/docs/resources/message#embed-object-embed-limits</summary>
internal static class EmbedRules
{
    private const int AllEmbeds = 6000;

    /// <summary>The embeds as Discord keeps them: trimmed, with their type.</summary>
    public static JsonArray Read(Form body)
    {
        var embeds = new JsonArray();
        var length = 0;
        foreach (var form in body.Objects("embeds", max: 10))
        {
            var embed = new JsonObject { ["type"] = "rich" };
            length += Copy(form, embed, "title", 256) + Copy(form, embed, "description", 4096);
            CopyUrl(form, embed, "url");
            if (form.Integer("color", 0, 0xFFFFFF) is { } color)
                embed["color"] = color;
            CopyTime(form, embed);
            length += CopyPart(form, embed, "footer", "text", 2048, "icon_url");
            length += CopyPart(form, embed, "author", "name", 256, "url", "icon_url");
            CopyPart(form, embed, "image", null, 0, "url");
            CopyPart(form, embed, "thumbnail", null, 0, "url");
            length += CopyFields(form, embed);
            // Discord leaves out an embed with nothing in it.
            if (embed.Count > 1)
                embeds.Add((JsonNode)embed);
        }

        if (length > AllEmbeds)
            body.Refuse("embeds", "MAX_EMBED_SIZE_EXCEEDED", $"Embed size exceeds maximum size of {AllEmbeds}");
        return embeds;
    }

    private static int CopyFields(Form form, JsonObject embed)
    {
        var fields = new JsonArray();
        var length = 0;
        foreach (var field in form.Objects("fields", max: 25))
        {
            var copy = new JsonObject();
            field.Require("name");
            field.Require("value");
            length += Copy(field, copy, "name", 256, min: 1) + Copy(field, copy, "value", 1024, min: 1);
            copy["inline"] = field.Flag("inline");
            fields.Add((JsonNode)copy);
        }

        if (fields.Count > 0)
            embed["fields"] = fields;
        return length;
    }

    private static int CopyPart(Form form, JsonObject embed, string part, string? text, int max, params string[] urls)
    {
        if (form.Object(part) is not { } child)
            return 0;
        var copy = new JsonObject();
        var length = text is null ? 0 : Copy(child, copy, text, max);
        foreach (var url in urls)
            CopyUrl(child, copy, url);
        if (copy.Count > 0)
            embed[part] = copy;
        return length;
    }

    private static int Copy(Form form, JsonObject copy, string name, int max, int min = 0)
    {
        if (form.Text(name, max, min) is not { Length: > 0 } text)
            return 0;
        copy[name] = text;
        return text.EnumerateRunes().Count();
    }

    private static void CopyUrl(Form form, JsonObject copy, string name)
    {
        if (form.Text(name, 2048) is not { Length: > 0 } text)
            return;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https" or "attachment"))
            form.Refuse(name, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        copy[name] = text;
    }

    private static void CopyTime(Form form, JsonObject copy)
    {
        if (form.Text("timestamp", 64) is not { Length: > 0 } text)
            return;
        if (DateTimeOffset.TryParse(text, null, System.Globalization.DateTimeStyles.AssumeUniversal, out var time))
            copy["timestamp"] = State.Json.Time(time);
        else
            form.Refuse("timestamp", "DATE_TIME_TYPE_PARSE", $"Could not parse {text}. Should be ISO8601.");
    }
}
