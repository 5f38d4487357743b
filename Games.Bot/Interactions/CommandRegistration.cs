using Games.DiscordClient;
using Games.DiscordClient.Rest;

namespace Games.Bot.Interactions;

/// <summary>Tells Discord which commands there are, if it knows others.</summary>
internal sealed partial class CommandRegistration(DiscordRestClient discord, DiscordOptions options, ILogger<CommandRegistration> logger)
{
    internal static IReadOnlyList<Command> Commands { get; } =
    [
        new()
        {
            Name = "games",
            Description = "Game nights",
            Options =
            [
                Subcommand("list", "The games that are planned here"),
                Subcommand("mine", "The games that you host or have joined"),
                Subcommand("new", "Plan a game in this channel"),
                Subcommand(
                    "cancel", "Cancel a game",
                    new() { Type = Command.String, Name = "game", Description = "Its id, from the foot of its announcement", Required = true },
                    new() { Type = Command.String, Name = "reason", Description = "What those who joined are told", MaxLength = 500 }),
            ],
        },
    ];

    /// <summary>A failure is logged: what was registered before goes on working.</summary>
    public async Task RegisterAsync(CancellationToken ct)
    {
        try
        {
            // Whoever gives none has an application of the bot's own id, as all have that are not from Discord's first year.
            var application = options.ApplicationId is { Length: > 0 } id ? id : (await discord.GetCurrentUserAsync(ct)).Id;
            if (IsSame(Commands, await discord.GetCommandsAsync(application, null, ct)))
                return;

            await discord.SetCommandsAsync(application, null, Commands, ct);
            LogRegistered();
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogNotRegistered(failure.Message);
        }
    }

    internal static bool IsSame(IReadOnlyList<Command>? wanted, IReadOnlyList<Command>? there) =>
        (wanted?.Count ?? 0) == (there?.Count ?? 0) && (wanted ?? []).Zip(there ?? []).All(pair => IsSame(pair.First, pair.Second));

    // Discord adds ids and versions, and says what is so by default: type 1, not required.
    private static bool IsSame(Command wanted, Command there) =>
        (wanted.Name, wanted.Description, wanted.Type ?? 1, wanted.Required ?? false, wanted.MaxLength, wanted.MinLength)
        == (there.Name, there.Description, there.Type ?? 1, there.Required ?? false, there.MaxLength, there.MinLength)
        && IsSame(wanted.Options, there.Options);

    private static Command Subcommand(string name, string description, params IReadOnlyList<Command> options) =>
        new() { Type = Command.Subcommand, Name = name, Description = description, Options = options is [] ? null : options };

    [LoggerMessage(LogLevel.Information, "Registered the commands with Discord")]
    private partial void LogRegistered();

    [LoggerMessage(LogLevel.Warning, "The commands are not registered with Discord: {Reason}")]
    private partial void LogNotRegistered(string reason);
}
