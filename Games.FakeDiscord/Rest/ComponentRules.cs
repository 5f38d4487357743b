using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Rest;

/// <summary>https://discord.com/developers/docs/components/reference: rows of buttons or selects in messages, text inputs in modals.</summary>
internal static class ComponentRules
{
    private const int Row = 1;
    private const int Button = 2;
    private const int StringSelect = 3;
    private const int TextInput = 4;
    private const int Label = 18;
    private const int LinkStyle = 5;
    private static readonly int[] OtherSelects = [5, 6, 7, 8];

    /// <summary>The components as Discord keeps them: each with an id.</summary>
    public static JsonArray Read(Form body)
    {
        var customIds = new HashSet<string>();
        foreach (var row in body.Objects("components", max: 5))
        {
            if (!IsType(row, Row))
                continue;
            row.RefuseUnknown("type", "id", "components");
            row.Require("components");
            var children = row.Objects("components", max: 5, min: 1);
            foreach (var child in children)
                CheckChild(child, customIds);
            if (children.Count > 1 && children.Any(child => child.Integer("type") != Button))
                row.Refuse("components", "BASE_TYPE_BAD_LENGTH", "A row holds up to 5 buttons or one select.");
        }

        return WithIds(body.Json["components"]);
    }

    public static JsonObject ReadModal(Form data)
    {
        data.RequiredText("title", 45);
        data.RequiredText("custom_id", 100);
        data.Require("components");
        var customIds = new HashSet<string>();
        foreach (var outer in data.Objects("components", max: 5, min: 1))
        {
            if (!IsType(outer, Row, Label))
                continue;
            if (outer.Integer("type") == Row)
            {
                outer.RefuseUnknown("type", "id", "components");
                outer.Require("components");
                foreach (var input in outer.Objects("components", max: 1, min: 1))
                    CheckInput(input, customIds, inLabel: false);
                continue;
            }

            outer.RefuseUnknown("type", "id", "label", "description", "component");
            outer.RequiredText("label", 45);
            outer.Text("description", 100);
            outer.Require("component");
            if (outer.Object("component") is { } component)
                CheckInput(component, customIds, inLabel: true);
        }

        var modal = (JsonObject)data.Json.DeepClone();
        modal["components"] = WithIds(data.Json["components"]);
        return modal;
    }

    private static void CheckChild(Form child, HashSet<string> customIds)
    {
        if (!IsType(child, [Button, StringSelect, .. OtherSelects]))
            return;
        if (child.Integer("type") == Button)
            CheckButton(child, customIds);
        else
            CheckSelect(child, customIds);
    }

    private static void CheckButton(Form button, HashSet<string> customIds)
    {
        button.RefuseUnknown("type", "id", "style", "label", "emoji", "custom_id", "url", "disabled");
        button.Require("style");
        button.Flag("disabled");
        button.Text("label", 80);
        if (button.Json["label"] is null && button.Json["emoji"] is null)
            button.Refuse("label", "BASE_TYPE_REQUIRED", "This field is required");
        if (button.Choice("style", 1, 2, 3, 4, LinkStyle) is not { } style)
            return;
        if (style != LinkStyle)
        {
            CheckCustomId(button, customIds);
            if (button.Json["url"] is not null)
                button.Refuse("url", "BUTTON_COMPONENT_INVALID_URL", "A url may only be set for a link button");
            return;
        }

        if (button.Json["custom_id"] is not null)
            button.Refuse("custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified");
        var url = button.RequiredText("url", 512);
        if (url is { Length: > 0 } && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "discord"))
            button.Refuse("url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'discord').");
    }

    private static void CheckSelect(Form select, HashSet<string> customIds)
    {
        select.RefuseUnknown(
            "type", "id", "custom_id", "options", "placeholder", "min_values", "max_values", "disabled", "channel_types", "default_values",
            "required");
        CheckCustomId(select, customIds);
        select.Flag("disabled");
        select.Text("placeholder", 150);
        select.Integer("min_values", 0, 25);
        select.Integer("max_values", 1, 25);
        if (select.Integer("type") != StringSelect)
            return;

        select.Require("options");
        var values = new HashSet<string>();
        foreach (var option in select.Objects("options", max: 25, min: 1))
        {
            option.RefuseUnknown("label", "value", "description", "emoji", "default");
            option.RequiredText("label", 100);
            option.Text("description", 100);
            if (option.RequiredText("value", 100) is { } value && !values.Add(value))
                option.Refuse("value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used");
        }
    }

    private static void CheckInput(Form input, HashSet<string> customIds, bool inLabel)
    {
        if (!IsType(input, inLabel ? [TextInput, StringSelect, .. OtherSelects] : [TextInput]))
            return;
        if (input.Integer("type") != TextInput)
        {
            CheckSelect(input, customIds);
            return;
        }

        input.RefuseUnknown("type", "id", "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder");
        CheckCustomId(input, customIds);
        input.Require("style");
        input.Choice("style", 1, 2);
        if (!inLabel)
            input.RequiredText("label", 45);
        input.Flag("required");
        input.Integer("min_length", 0, 4000);
        input.Integer("max_length", 1, 4000);
        input.Text("value", 4000);
        input.Text("placeholder", 100);
    }

    private static void CheckCustomId(Form component, HashSet<string> customIds)
    {
        if (component.RequiredText("custom_id", 100) is { Length: > 0 } customId && !customIds.Add(customId))
            component.Refuse("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
    }

    private static bool IsType(Form component, params int[] types)
    {
        component.Require("type");
        return component.Choice("type", types) is not null;
    }

    private static JsonArray WithIds(JsonNode? components)
    {
        var copy = components?.DeepClone() as JsonArray ?? [];
        var next = 1;
        foreach (var outer in copy.OfType<JsonObject>())
        {
            outer["id"] ??= next++;
            foreach (var inner in (outer["components"] as JsonArray ?? []).Append(outer["component"]).OfType<JsonObject>())
                inner["id"] ??= next++;
        }

        return copy;
    }
}
