using Games.Contracts;
using Games.Data;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Games.Bot.Consumers;

/// <summary>An event came without its game. The outbox exists so that this cannot happen; trying again would only hide it.</summary>
public sealed class GameNotFoundException(Guid gameId) : Exception($"Game {gameId} was announced as created, but it is not in the database.");

internal sealed partial class AnnounceGameConsumer(GamesDbContext db, TimeProvider clock, ILogger<AnnounceGameConsumer> logger)
    : IConsumer<GameCreated>
{
    public Task Consume(ConsumeContext<GameCreated> context) => context.ConsumeTogether(AnnounceAsync);

    private async Task AnnounceAsync(IReadOnlyList<ConsumeContext<GameCreated>> events)
    {
        var ct = events[0].CancellationToken;
        var gameIds = events.Select(x => x.Message.GameId).ToArray();
        var games = await Find(db, gameIds).ToDictionaryAsync(x => x.Game.Id, ct);
        var announced = new List<(Game Game, Announcement Announcement)>(games.Count);

        foreach (var gameId in gameIds)
        {
            if (!games.TryGetValue(gameId, out var found))
            {
                LogGameNotFound(gameId);
                throw new GameNotFoundException(gameId);
            }

            if (found.IsAnnounced)
            {
                LogAlreadyAnnounced(gameId);
                continue;
            }

            announced.Add((found.Game, Announcement.For(found.Game, found.Players, clock.GetUtcNow())));
            games[gameId] = found with { IsAnnounced = true };
        }

        // If another event about one of the games gets in between, this fails as a whole and its retry finds the announcement. So there is
        // nothing to go back to within the transaction, and two round trips less.
        db.Database.AutoSavepointsEnabled = false;
        db.Announcements.AddRange(announced.Select(x => x.Announcement));
        await db.SaveChangesAsync(ct);

        foreach (var (game, announcement) in announced)
            LogAnnounced(game.Id, game.Title, announcement.ChannelId);
    }

    /// <summary>
    /// One lookup by index for each id, and by count, not Any: with <c>id = ANY(…)</c> or EXISTS a planner that takes a table for small reads all
    /// of it, and a connection keeps the plan while the table grows.
    /// </summary>
    internal static IQueryable<GameToAnnounce> Find(GamesDbContext db, Guid[] gameIds) => db.Games
        .FromSql($"SELECT g.* FROM unnest({gameIds}) AS i(id) CROSS JOIN LATERAL (SELECT * FROM games WHERE games.id = i.id LIMIT 1) AS g")
        .AsNoTracking()
        .Select(game => new GameToAnnounce(
            game,
            db.Players.Count(player => player.GameId == game.Id),
            db.Announcements.Count(announcement => announcement.GameId == game.Id) > 0));

    internal sealed record GameToAnnounce(Game Game, int Players, bool IsAnnounced);

    [LoggerMessage(LogLevel.Information, "Announced game {GameId} \"{Title}\" in channel {ChannelId}")]
    private partial void LogAnnounced(Guid gameId, string title, string channelId);

    [LoggerMessage(LogLevel.Warning, "Game {GameId} is announced already")]
    private partial void LogAlreadyAnnounced(Guid gameId);

    [LoggerMessage(LogLevel.Critical, "Game {GameId} not found: its event came before its row")]
    private partial void LogGameNotFound(Guid gameId);
}

internal sealed class AnnounceGameConsumerDefinition : ConsumerDefinition<AnnounceGameConsumer>
{
    public AnnounceGameConsumerDefinition()
    {
        EndpointName = Queues.AnnounceGame;
        // Twice as many as share a transaction: while they do, as many gather for the next.
        ConcurrentMessageLimit = 64;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint,
        IConsumerConfigurator<AnnounceGameConsumer> consumer,
        IRegistrationContext context)
    {
        endpoint.PrefetchCount = 128;
        // A database that is away says nothing about the message: it is waited for, however long, and counts no attempt.
        endpoint.UseMessageRetry(retry => retry
            .Exponential(int.MaxValue, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(100))
            .Handle<Exception>(failure => failure.IsDatabaseGone()));
        endpoint.UseMessageRetry(retry =>
        {
            retry.Exponential(5, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100));
            retry.Ignore<GameNotFoundException>();
            retry.Ignore<Exception>(failure => failure.IsDatabaseGone());
        });
        endpoint.UseEntityFrameworkOutbox<GamesDbContext>(context);
    }
}
