using Games.Contracts;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Games.Data;

/// <summary>
/// The use cases of a game, once for every door (HTTP, and Discord's buttons and commands): each loads the game, lets it decide, publishes what
/// it says and saves, in one transaction. The game's row is locked meanwhile, so that two who want the last seat come one after the other.
/// </summary>
/// <param name="schedule">Null where the outbox has no scheduler (OfficialPackages): then nobody is reminded and nothing starts.</param>
public sealed class GameCommands(GamesDbContext db, IPublishEndpoint events, TimeProvider clock, IMessageScheduler? schedule = null)
{
    private static readonly Uri RemindPlayers = new($"queue:{Queues.RemindPlayers}");
    private static readonly Uri StartGame = new($"queue:{Queues.StartGame}");
    private static readonly Uri FinishGame = new($"queue:{Queues.FinishGame}");

    /// <param name="by">Who does it: a Discord id, or the name of an API key.</param>
    /// <param name="id">Of the game, for whoever may ask twice for the same: the second is refused by its key. Null: a new one.</param>
    public async Task<Game> CreateAsync(
        string guildId, string channelId, string hostId, GameDetails details, string by, CancellationToken ct, Guid? id = null)
    {
        var game = Game.Create(guildId, channelId, hostId, details, clock.GetUtcNow(), id);
        db.Games.Add(game);
        await events.Publish(game.Created(by), ct);
        await ScheduleAsync(game, ct);
        await db.SaveChangesAsync(ct);
        return game;
    }

    /// <param name="change">The details as they shall be, made of those that are.</param>
    /// <param name="isSeen">Whether it is the game that the caller has seen.</param>
    public Task<GameResult> ChangeAsync(
        Guid id, Func<Game, bool> isSeen, Func<GameDetails, GameDetails> change, string by, CancellationToken ct) => DecideAsync(
        id,
        game => isSeen(game)
            ? Task.FromResult(game.Change(change(game.Details), by, clock.GetUtcNow()))
            : Task.FromResult(Decision.Refuse(GameRefusal.Stale)),
        ct);

    public Task<GameResult> CancelAsync(Guid id, string? reason, string by, CancellationToken ct) => DecideAsync(
        id,
        async game =>
        {
            var messageId = await db.Announcements.Where(x => x.GameId == id).Select(x => x.MessageId).SingleOrDefaultAsync(ct);
            return game.Cancel(reason, messageId, by, clock.GetUtcNow());
        },
        ct);

    public Task<GameResult> JoinAsync(Guid id, string userId, string? displayName, string by, CancellationToken ct) =>
        DecideAsync(id, game => Task.FromResult(game.Join(userId, displayName, by, clock.GetUtcNow())), ct);

    public Task<GameResult> LeaveAsync(Guid id, string userId, string by, CancellationToken ct) =>
        DecideAsync(id, game => Task.FromResult(game.Leave(userId, by, clock.GetUtcNow())), ct);

    public Task<GameResult> StartAsync(StartGame due, CancellationToken ct) =>
        DecideAsync(due.GameId, game => Task.FromResult(game.Start(due.ScheduledAt, clock.GetUtcNow())), ct);

    public Task<GameResult> FinishAsync(FinishGame due, CancellationToken ct) =>
        DecideAsync(due.GameId, game => Task.FromResult(game.Finish(due.EndsAt, clock.GetUtcNow())), ct);

    /// <summary>
    /// Says that a reminder is due. False, and nothing is said, if it does not fit any more: the game was moved, cancelled or has begun. The
    /// database's clock decides, as it does when the message leaves: a minute's reminder must not fall to a process whose clock is ahead.
    /// </summary>
    public async Task<bool> RemindAsync(RemindPlayers due, CancellationToken ct)
    {
        var game = await db.Games.FromSql($"SELECT * FROM games WHERE id = {due.GameId} AND scheduled_at > now()").AsNoTracking()
            .SingleOrDefaultAsync(ct);
        if (game?.IsToRemind(due.ScheduledAt, due.Minutes) is not true)
            return false;

        await events.Publish(
            new GameReminderDue(
                game.Id, game.Version, game.GuildId, game.ChannelId, game.HostId, game.Title, game.ScheduledAt, due.Minutes, clock.GetUtcNow()),
            ct);
        await db.SaveChangesAsync(ct);
        return true;
    }

    private async Task<GameResult> DecideAsync(Guid id, Func<Game, Task<Decision>> decide, CancellationToken ct)
    {
        // A consumer has one already, with its inbox.
        await using var transaction = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(ct) : null;

        // Two statements: what a lock has waited for is in the row that it locks, and not yet in what the same statement joins.
        // NO KEY: whoever writes an announcement of the game refers to it, and need not wait.
        if (await db.Games.FromSql($"SELECT * FROM games WHERE id = {id} FOR NO KEY UPDATE").SingleOrDefaultAsync(ct) is not { } game)
            return new(null, GameRefusal.NotFound);

        await db.Entry(game).Collection(x => x.Players).LoadAsync(ct);
        var (was, end, status) = (game.Details, game.EndsAt, game.Status);
        var decision = await decide(game);
        if (decision.Events.Count == 0)
            return new(game, decision.Refusal);

        foreach (var said in decision.Events)
            await events.Publish(said, said.GetType(), ct);
        // Any other change leaves what waits alone: a reminder that is due and has not left yet would not be scheduled again.
        if ((was.ScheduledAt, end, status) != (game.ScheduledAt, game.EndsAt, game.Status) || !was.Reminders.SequenceEqual(game.Reminders))
            await RescheduleAsync(game, ct);
        await db.SaveChangesAsync(ct);
        if (transaction is not null)
            await transaction.CommitAsync(ct);
        return new(game, null);
    }

    private async Task RescheduleAsync(Game game, CancellationToken ct)
    {
        // A start does not take back the end.
        if (schedule is null || game.Status is GameStatus.Started or GameStatus.Finished)
            return;

        // Which of the queues it waits for does not matter: the token says which message.
        foreach (var token in game.ScheduleTokens)
            await schedule.CancelScheduledSend(StartGame, token, ct);
        game.ScheduleTokens = [];
        if (game.IsOpen)
            await ScheduleAsync(game, ct);
    }

    private async Task ScheduleAsync(Game game, CancellationToken ct)
    {
        if (schedule is null)
            return;

        var now = clock.GetUtcNow();
        List<Guid> tokens = [];
        foreach (var minutes in game.Reminders)
        {
            if (game.ScheduledAt.AddMinutes(-minutes) is var due && due > now)
                await SendAsync(RemindPlayers, due, new RemindPlayers(game.Id, game.ScheduledAt, minutes));
        }

        await SendAsync(StartGame, game.ScheduledAt, new StartGame(game.Id, game.ScheduledAt));
        await SendAsync(FinishGame, game.EndsAt, new FinishGame(game.Id, game.EndsAt));
        game.ScheduleTokens = [.. tokens];

        async Task SendAsync<T>(Uri queue, DateTimeOffset due, T message)
            where T : class => tokens.Add((await schedule.ScheduleSend(queue, due.UtcDateTime, message, ct)).TokenId);
    }
}

/// <summary>What became of a use case.</summary>
/// <param name="Game">As it is now; null if there is none.</param>
/// <param name="Refusal">Null if it was done, or was so already.</param>
public sealed record GameResult(Game? Game, GameRefusal? Refusal);
