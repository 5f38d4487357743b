using Games.Bot.Announcing;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Games.Bot.Consumers;

internal sealed class AnnounceGameConsumer(GamesDbContext db, TimeProvider clock, ILogger<AnnounceGameConsumer> logger) : IConsumer<GameCreated>
{
    public Task Consume(ConsumeContext<GameCreated> context) => context.ConsumeTogether(AnnounceAsync);

    private async Task AnnounceAsync(IReadOnlyList<ConsumeContext<GameCreated>> events)
    {
        var ct = events[0].CancellationToken;
        Guid[] gameIds = [.. events.Select(x => x.Message.GameId).Distinct()];
        var games = await db.GamesToAnnounce(gameIds).ToListAsync(ct);
        if (gameIds.Except(games.Select(x => x.Game.Id)).ToList() is [var missing, ..])
            throw logger.GameNotFound(missing);

        foreach (var (game, players, _) in games.Where(x => !x.IsAnnounced))
            db.Announcements.Add(Announcement.For(game, AnnouncementText.Of(game, players), clock.GetUtcNow()));

        // If another event of one of the games gets in between, all of this fails and its retry finds the announcement: no savepoint is needed.
        db.Database.AutoSavepointsEnabled = false;
        await db.SaveChangesAsync(ct);
        logger.Announced(games);
    }
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
        IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<AnnounceGameConsumer> consumer, IRegistrationContext context)
    {
        endpoint.PrefetchCount = 128;
        endpoint.UseGamesRetry(context, isHopeless: failure => failure is GameNotFoundException);
        endpoint.UseEntityFrameworkOutbox<GamesDbContext>(context);
    }
}
