using Games.Contracts;
using Games.Data;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Bot.Consumers;

/// <summary>An event came without its game. The outbox exists so that this cannot happen; trying again would only hide it.</summary>
public sealed class GameNotFoundException(Guid gameId) : Exception($"Game {gameId} was announced as created, but it is not in the database.");

internal sealed partial class AnnounceGameConsumer(GamesDbContext db, TimeProvider clock, ILogger<AnnounceGameConsumer> logger)
    : IConsumer<GameCreated>
{
    public async Task Consume(ConsumeContext<GameCreated> context)
    {
        var ct = context.CancellationToken;
        var gameId = context.Message.GameId;
        var found = await db.Games
            .AsNoTracking()
            .Where(game => game.Id == gameId)
            .Select(game => new { Game = game, Players = db.Players.Count(player => player.GameId == game.Id) })
            .SingleOrDefaultAsync(ct);
        if (found is null)
        {
            LogGameNotFound(gameId);
            throw new GameNotFoundException(gameId);
        }

        var announcement = Announcement.For(found.Game, found.Players, clock.GetUtcNow());
        db.Announcements.Add(announcement);
        try
        {
            await db.SaveChangesAsync(ct);
            LogAnnounced(gameId, found.Game.Title, announcement.ChannelId);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "announcements" })
        {
            // A second event about the same game. The row stays out of what the inbox saves after this.
            db.Entry(announcement).State = EntityState.Detached;
            LogAlreadyAnnounced(gameId);
        }
    }

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
        EndpointName = "announce-game";
        ConcurrentMessageLimit = 16;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint,
        IConsumerConfigurator<AnnounceGameConsumer> consumer,
        IRegistrationContext context)
    {
        endpoint.PrefetchCount = 64;
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
