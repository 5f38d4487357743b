using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Games.FakeDiscord.Rest;

/// <summary>https://discord.com/developers/docs/interactions/application-commands</summary>
internal static partial class CommandRules
{
    private const int ChatInput = 1;
    private const int SubCommand = 1;
    private const int SubCommandGroup = 2;
    private const int MaxCommands = 100;

    public static List<JsonObject> Read(JsonArray list)
    {
        var errors = new FormErrors();
        var body = new Form(new() { ["commands"] = list.DeepClone() }, errors);
        var commands = new List<JsonObject>();
        foreach (var (item, index) in list.Select((item, index) => (item as JsonObject ?? [], index)))
        {
            // A list has no name in Discord's tree of errors: its indexes are at the top.
            var form = new Form(item, errors, $"{index}");
            Check(form);
            if (commands.Any(known => KeyOf(known) == KeyOf(item)))
                form.Refuse("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique");
            commands.Add(Complete(item));
        }

        if (commands.Count > MaxCommands)
            body.Refuse("", "APPLICATION_COMMANDS_MAX", $"Maximum number of application commands reached ({MaxCommands}).");
        errors.ThrowIfAny();
        return commands;
    }

    private static void Check(Form command)
    {
        CheckName(command, isCommand: true);
        if (command.Choice("type", ChatInput, 2, 3) is null or ChatInput)
            command.RequiredText("description", 100);
        command.Text("default_member_permissions", 20);
        CheckOptions(command, depth: 0);
    }

    private static void CheckOptions(Form owner, int depth)
    {
        var names = new HashSet<string>();
        var wasOptional = false;
        foreach (var option in owner.Objects("options", max: 25))
        {
            if (CheckName(option) is { } name && !names.Add(name))
                option.Refuse("name", "APPLICATION_COMMANDS_OPTIONS_NAME_INVALID", "Option names must be unique");
            option.RequiredText("description", 100);
            option.Require("type");
            var type = option.Choice("type", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
            if (type is SubCommand or SubCommandGroup)
            {
                if (depth > 1 || (depth == 1 && type == SubCommandGroup))
                    option.Refuse("type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command option types are only nested one deep");
                CheckOptions(option, depth + 1);
                continue;
            }

            var isRequired = option.Flag("required");
            if (isRequired && wasOptional)
                option.Refuse("required", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must come before the others");
            wasOptional |= !isRequired;
            option.Integer("max_length", 1, 6000);
            option.Integer("min_length", 0, 6000);
            foreach (var choice in option.Objects("choices", max: 25))
            {
                choice.RequiredText("name", 100);
                choice.Require("value");
            }
        }
    }

    private static string? CheckName(Form form, bool isCommand = false)
    {
        var name = form.RequiredText("name", 32);
        var isChatInput = !isCommand || TypeOf(form.Json) == $"{ChatInput}";
        if (name is { Length: > 0 } && isChatInput && (!Name().IsMatch(name) || name != name.ToLowerInvariant()))
            form.Refuse("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
        return name;
    }

    /// <summary>One command of a type has a name.</summary>
    public static string KeyOf(JsonObject command) => $"{TypeOf(command)} {command["name"]?.ToJsonString()}";

    private static string TypeOf(JsonObject command) => command["type"]?.ToJsonString() ?? $"{ChatInput}";

    private static JsonObject Complete(JsonObject command)
    {
        var complete = (JsonObject)command.DeepClone();
        complete["type"] ??= ChatInput;
        complete["default_member_permissions"] ??= null;
        complete["nsfw"] ??= false;
        return complete;
    }

    // .NET knows no \p{sc=Deva} and \p{sc=Thai}: their letters are letters, their vowel signs are not taken.
    [GeneratedRegex(@"^[-_'\p{L}\p{N}]{1,32}$")]
    private static partial Regex Name();
}
