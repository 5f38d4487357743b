using System.Diagnostics;
using Games.Bot.Delivery;
using Games.Bot.Interactions;

namespace Games.Bot;

/// <summary>
/// The spans of what begins in the bot (source <c>Games.Bot</c>): an answer to somebody in Discord begins a trace, a delivery goes on with that of
/// the event which wanted it.
/// </summary>
internal static class BotTracing
{
    private static readonly ActivitySource Source = new("Games.Bot");

    public static Activity? Start(Interaction interaction) => Source.StartActivity($"interaction {KindOf(interaction)}", ActivityKind.Server)
        ?.SetTag("discord.interaction.name", interaction.Name)
        .SetTag("discord.guild.id", interaction.GuildId);

    public static Activity? Start(DueAnnouncement due) => Start("announcement deliver", due.TraceParent)
        ?.SetTag("game.id", due.GameId)
        .SetTag("discord.channel.id", due.ChannelId);

    public static Activity? Start(DueDirectMessage due) => Start("direct message deliver", due.TraceParent)?.SetTag("direct_message.id", due.Id);

    private static Activity? Start(string name, string? traceParent) => Source.StartActivity(
        name, ActivityKind.Consumer, ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent) ? parent : default);

    private static string KindOf(Interaction interaction) => interaction.Kind switch
    {
        InteractionKind.Command => "command",
        InteractionKind.Button => "button",
        InteractionKind.Modal => "modal",
        _ => "other",
    };
}
