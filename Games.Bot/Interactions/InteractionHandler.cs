using System.Text.Json;
using Games.Bot.Announcing;
using Games.Data;
using Games.DiscordClient;
using Games.DiscordClient.Rest;
using Games.Outbox.Outages;

namespace Games.Bot.Interactions;

/// <summary>
/// Answers whoever clicks a button or types a command, for himself alone: at once that it is being done, because Discord waits for 3 s, and then
/// with a sentence. Each use case is the one that HTTP has too.
/// </summary>
internal sealed partial class InteractionHandler(
    IServiceScopeFactory scopes, DiscordRestClient discord, DatabaseOutage outage, TimeProvider time, ILogger<InteractionHandler> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    /// <summary>Throws nothing: a user hears what went wrong, and the log.</summary>
    public async Task HandleAsync(JsonElement data, CancellationToken ct)
    {
        try
        {
            DatabasePool.EnterRequests();
            if (Interaction.Read(data) is { } interaction)
                await AnswerAsync(interaction, ct);
        }
        catch (DiscordException failure)
        {
            // 10062, 40060, an expired token: nobody is there any more who could read an answer.
            LogUnanswered(failure.Message);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogFailed(failure);
        }
        catch (OperationCanceledException)
        {
            // The bot stops.
        }
    }

    private async Task AnswerAsync(Interaction interaction, CancellationToken ct)
    {
        if (interaction is { Kind: InteractionKind.Command, Name: NewGameForm.Command })
        {
            await FirstAsync(interaction, NewGameForm.Modal, ct);
            return;
        }

        if (ActOf(interaction) is not { } act)
        {
            await FirstAsync(interaction, InteractionAnswer.Private("I do not know this. It may be of an older version of mine."), ct);
            return;
        }

        await FirstAsync(interaction, InteractionAnswer.DeferredPrivate, ct);
        var sentence = await ActAsync(act, ct);
        await discord.EditAnswerAsync(interaction.ApplicationId, interaction.Token, new() { Content = sentence }, ct);
    }

    private static Func<GameConversation, CancellationToken, Task<string>>? ActOf(Interaction interaction) => interaction switch
    {
        { Kind: InteractionKind.Button } when GameIn(interaction.Name, AnnouncementMessage.Join) is { } game =>
            (games, ct) => games.JoinAsync(interaction, game, ct),
        { Kind: InteractionKind.Button } when GameIn(interaction.Name, AnnouncementMessage.Leave) is { } game =>
            (games, ct) => games.LeaveAsync(interaction, game, ct),
        { Kind: InteractionKind.Modal, Name: NewGameForm.CustomId } => (games, ct) => games.CreateAsync(interaction, ct),
        { Kind: InteractionKind.Command, Name: "games list" } => (games, ct) => games.ListAsync(interaction, ct),
        { Kind: InteractionKind.Command, Name: "games mine" } => (games, ct) => games.MineAsync(interaction, ct),
        { Kind: InteractionKind.Command, Name: "games cancel" } => (games, ct) => games.CancelAsync(interaction, ct),
        _ => null,
    };

    private static Guid? GameIn(string customId, string prefix) =>
        customId.StartsWith(prefix, StringComparison.Ordinal) && Guid.TryParse(customId.AsSpan(prefix.Length), out var id) ? id : null;

    private async Task<string> ActAsync(Func<GameConversation, CancellationToken, Task<string>> act, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            return await act(ActivatorUtilities.CreateInstance<GameConversation>(scope.ServiceProvider), either.Token);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            if (!outage.Met(failure))
                LogFailed(failure);
            return "That did not work just now. Please try again in a minute.";
        }
    }

    /// <summary>A connection may have died in its rest: there is time for a second try, and if the first has arrived, so much the better.</summary>
    private async Task FirstAsync(Interaction interaction, InteractionAnswer answer, CancellationToken ct)
    {
        try
        {
            await discord.AnswerInteractionAsync(interaction.Id, interaction.Token, answer, ct);
        }
        catch (Exception lost) when (lost is DiscordOutcomeUnknownException or DiscordUnreachableException)
        {
            try
            {
                await discord.AnswerInteractionAsync(interaction.Id, interaction.Token, answer, ct);
            }
            catch (DiscordApiException twice) when (twice.Code == DiscordErrorCode.AlreadyAcknowledged)
            {
                // The first has arrived.
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Somebody in Discord had no answer: {Reason}")]
    private partial void LogUnanswered(string reason);

    [LoggerMessage(LogLevel.Error, "An interaction has failed")]
    private partial void LogFailed(Exception failure);
}
