using System.Diagnostics;
using Games.Bot.Delivery;
using Games.Bot.Interactions;
using MassTransit;
using MassTransit.Logging;

namespace Games.Bot;

/// <summary>
/// The spans of what begins in the bot (source <c>Games.Bot</c>): an answer to somebody in Discord begins a trace, a delivery goes on with that of
/// the event which wanted it.
/// </summary>
internal static class BotTracing
{
    private static readonly ActivitySource Source = new("Games.Bot");

    /// <summary>For what is written where it stands now; null where nobody traces.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } span ? span.Id : null;

    /// <summary>Of one event, also where several are consumed in one call, which is made in the span of the first.</summary>
    public static string? ParentOf(ConsumeContext context) => context.ReceiveContext.TransportHeaders.Get<string>(DiagnosticHeaders.ActivityId);

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
