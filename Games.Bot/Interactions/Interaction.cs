using System.Globalization;
using System.Text.Json;
using Games.Bot.Gateway;
using Games.Data;

namespace Games.Bot.Interactions;

internal enum InteractionKind
{
    Other,
    Command = 2,
    Button = 3,
    Modal = 5,
}

/// <summary>What somebody clicked, typed or filled in.</summary>
/// <param name="Name">The command with its subcommand ("games list"), or the custom id of a button or modal.</param>
/// <param name="Values">The options of a command, or the fields of a modal.</param>
/// <param name="Permissions">Of the user in that channel, as Discord says.</param>
internal sealed record Interaction(
    string Id, string Token, string ApplicationId, InteractionKind Kind, string? GuildId, string? ChannelId, string UserId, string DisplayName,
    ulong Permissions, string Name, IReadOnlyDictionary<string, string> Values)
{
    private const ulong Administrator = 1 << 3;
    private const ulong ManageEvents = 1UL << 33;

    public bool MayManageEvents => (Permissions & (Administrator | ManageEvents)) != 0;

    /// <summary>Null if it lacks what each has, or has an id that is none.</summary>
    public static Interaction? Read(JsonElement data)
    {
        var member = data.ObjectOrNull("member");
        var user = member?.ObjectOrNull("user") ?? data.ObjectOrNull("user");
        var channelId = data.TextOrNull("channel_id") ?? data.ObjectOrNull("channel")?.TextOrNull("id");
        var guildId = data.TextOrNull("guild_id");
        if (user?.TextOrNull("id") is not { } userId || data.TextOrNull("id") is not { } id || data.TextOrNull("token") is not { } token
            || data.TextOrNull("application_id") is not { } application || !data.TryGetProperty("type", out var type)
            || data.ObjectOrNull("data") is not { } what
            // They are kept: what is none would be refused by every table.
            || new[] { id, userId, channelId, guildId }.Any(x => x is not null && !Snowflake.IsValid(x)))
        {
            return null;
        }

        var values = new Dictionary<string, string>();
        var kind = (InteractionKind)type.GetInt32();
        var name = kind is InteractionKind.Command ? ReadCommand(what, values) : what.TextOrNull("custom_id") ?? "";
        if (kind is InteractionKind.Modal)
            ReadFields(what, values);
        var display = member?.TextOrNull("nick") ?? user?.TextOrNull("global_name") ?? user?.TextOrNull("username") ?? userId;
        _ = ulong.TryParse(member?.TextOrNull("permissions"), NumberStyles.None, CultureInfo.InvariantCulture, out var permissions);
        return new(
            id, token, application, kind, guildId, channelId, userId, display, permissions, name, values);
    }

    private static string ReadCommand(JsonElement command, Dictionary<string, string> values)
    {
        var name = command.TextOrNull("name") ?? "";
        foreach (var option in IncomingMessages.ListOf(command, "options") ?? [])
        {
            var optionName = option.TextOrNull("name") ?? "";
            if (IncomingMessages.ListOf(option, "options") is not null || !option.TryGetProperty("value", out var value))
                return $"{name} {ReadCommand(option, values)}";
            values[optionName] = value.ToString();
        }

        return name;
    }

    // A row of one field each; or a label around it.
    private static void ReadFields(JsonElement part, Dictionary<string, string> values)
    {
        if (part.TextOrNull("custom_id") is { } field && part.TextOrNull("value") is { } value)
            values[field] = value;
        foreach (var inner in IncomingMessages.ListOf(part, "components") ?? [])
            ReadFields(inner, values);
        if (part.ObjectOrNull("component") is { } labelled)
            ReadFields(labelled, values);
    }
}
