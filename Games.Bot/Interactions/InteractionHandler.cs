using System.Collections.Concurrent;
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
    /// <summary>Who clicks waits for his turn, and the others who need the database do not wait for all who click.</summary>
    private const int MaxActs = 16;

    /// <summary>Of 2 s each: whoever has clicked does not look for much longer.</summary>
    private const int FirstTries = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    /// <summary>Before the second try none: there is time for it within Discord's 3 s. In all half a minute, beside that of the calls.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 0, 0.25, 0.5, 1, 2, 4, 8, 15 }.Select(TimeSpan.FromSeconds)];

    /// <summary>A rate limit that is longer is not waited out: a click that is not handled holds back where another bot would go on.</summary>
    private static readonly TimeSpan LongestLimit = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _acts = new(MaxActs);
    private readonly ConcurrentDictionary<string, Task> _underWay = new();

    /// <summary>Throws nothing: a user hears what went wrong, and the log.</summary>
    public async Task HandleAsync(JsonElement data, CancellationToken ct)
    {
        try
        {
            DatabasePool.EnterRequests();
            if (Interaction.Read(data) is { } interaction)
                await AnswerOnceAsync(interaction, ct);
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

    // Discord may tell of it twice: neither event is handled before the answer is there, as a bot that dies leaves what is not handled to another.
    private async Task AnswerOnceAsync(Interaction interaction, CancellationToken ct)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var underWay = _underWay.GetOrAdd(interaction.Id, answered.Task);
        if (underWay != answered.Task)
        {
            await underWay.WaitAsync(ct);
            return;
        }

        try
        {
            using var span = BotTracing.Start(interaction);
            await AnswerAsync(interaction, ct);
        }
        finally
        {
            _underWay.TryRemove(interaction.Id, out _);
            answered.SetResult();
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
        await FillInAsync(interaction, await ActAsync(act, ct), ct);
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
        var isMyTurn = false;
        try
        {
            await _acts.WaitAsync(either.Token);
            isMyTurn = true;
            await using var scope = scopes.CreateAsyncScope();
            return await act(ActivatorUtilities.CreateInstance<GameConversation>(scope.ServiceProvider), either.Token);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            var isTold = outage.Met(failure);
            if (!isTold && timeout.IsCancellationRequested)
                LogTooSlow(Patience.TotalSeconds);
            else if (!isTold && failure.IsDatabaseUnavailable())
                LogUnserved(failure.InWords());
            else if (!isTold)
                LogFailed(failure);
            return "That did not work just now. Please try again in a minute.";
        }
        finally
        {
            if (isMyTurn)
                _acts.Release();
        }
    }

    /// <summary>
    /// A connection may have died in its rest, and Discord's answer may come too late or never: it may have taken ours all the same, and then shows
    /// for ever that the bot is thinking. So it is asked until it is known. What is answered already was so by an earlier try, or by a bot that has
    /// died since: what is missing then is all that comes after.
    /// </summary>
    /// <exception cref="DiscordException">Nobody waits for it any more: it is not to be done, as its user was told that it failed.</exception>
    private async Task FirstAsync(Interaction interaction, InteractionAnswer answer, CancellationToken ct)
    {
        try
        {
            await PersistAsync(FirstTries, () => discord.AnswerInteractionAsync(interaction.Id, interaction.Token, answer, ct), ct);
        }
        catch (DiscordApiException refused) when (refused.Code == DiscordErrorCode.AlreadyAcknowledged)
        {
            // It is.
        }
    }

    // What it says is done: whoever asked must hear of it.
    private Task FillInAsync(Interaction interaction, string sentence, CancellationToken ct) => PersistAsync(
        Pauses.Length, () => discord.EditAnswerAsync(interaction.ApplicationId, interaction.Token, new() { Content = sentence }, ct), ct);

    private async Task PersistAsync(int tries, Func<Task> call, CancellationToken ct)
    {
        for (var next = 0; ; next++)
        {
            var pause = Pauses[next];
            try
            {
                await call();
                return;
            }
            catch (DiscordRateLimitException limit) when (next < tries - 1 && limit.Wait <= LongestLimit)
            {
                pause = limit.Wait;
            }
            catch (DiscordException lost) when (next < tries - 1 && MaySucceed(lost))
            {
                // Once more.
            }

            await Task.Delay(pause, time, ct);
        }
    }

    private static bool MaySucceed(DiscordException failure) =>
        failure is DiscordOutcomeUnknownException or DiscordUnreachableException or DiscordApiException { IsRetryable: true };

    [LoggerMessage(LogLevel.Information, "Somebody in Discord had no answer: {Reason}")]
    private partial void LogUnanswered(string reason);

    [LoggerMessage(LogLevel.Warning, "An interaction was given up after {Patience} s: the database is slow, or too many click")]
    private partial void LogTooSlow(double patience);

    [LoggerMessage(LogLevel.Error, "A click or command cannot be served by the database: {Reason}")]
    private partial void LogUnserved(string reason);

    [LoggerMessage(LogLevel.Error, "An interaction has failed")]
    private partial void LogFailed(Exception failure);
}
