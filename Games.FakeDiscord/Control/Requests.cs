using System.ComponentModel;
using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Control;

internal sealed record PutGuild(
    string? Name, [property: Description("The user who may do everything; the first one unless said else.")] string? OwnerId);

internal sealed record PutChannel(
    string? Name,
    [property: Description("What a role, everyone (the guild's id) or a member may in this channel.")] IReadOnlyList<PutOverwrite>? Overwrites);

internal sealed record PutOverwrite(
    [property: Description("A user, or the guild's id for everyone.")] string Id,
    [property: Description("Permission bits, as a decimal number in a string.")] string? Allow,
    string? Deny);

internal sealed record PutMember(
    string? Name,
    [property: Description("Permission bits, a decimal number in a string: \"8589934592\" is Manage Events and nothing else.")] string? Permissions,
    [property: Description("False: the bot's direct messages are refused with 50007.")] bool? AcceptsDms,
    bool? TimedOut);

internal sealed record WriteMessage(
    [property: Description("Without it: the DM channel of the user and the bot.")] string? ChannelId,
    string UserId,
    string? Content,
    JsonArray? Embeds,
    [property: Description("The id of the message that it replies to.")] string? ReplyTo);

internal sealed record EditMessage(string UserId, string Content);

internal sealed record Click(
    string MessageId,
    string UserId,
    [property: Description("This, or the label.")] string? CustomId,
    string? Label,
    [property: Description("Of a select.")] IReadOnlyList<string>? Values,
    [property: Description("How long to wait for what comes after the first answer; 15000 unless said else.")] int? WaitMilliseconds);

internal sealed record RunCommand(
    string? GuildId,
    [property: Description("Without it: the DM channel of the user and the bot.")] string? ChannelId,
    string UserId,
    [property: Description("With its subcommand: \"games new\".")] string Name,
    [property: Description("An object by name, or a list of {name, value}.")] JsonNode? Options,
    int? WaitMilliseconds);

internal sealed record SubmitModal(
    [property: Description("The interaction that opened the modal.")] string InteractionId,
    [property: Description("By custom id.")] Dictionary<string, string>? Values,
    int? WaitMilliseconds);
