using Games.Bot.Announcing;
using Games.Data;
using Games.ServiceDefaults;
using MassTransit;

namespace Games.Bot;

/// <summary>A consumer of what happens to games: with an inbox, and retries but for a game that is not there.</summary>
internal abstract class GameConsumerDefinition<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    protected GameConsumerDefinition(string queue, int concurrency = 8)
    {
        EndpointName = queue;
        ConcurrentMessageLimit = concurrency;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<TConsumer> consumer, IRegistrationContext context)
    {
        endpoint.PrefetchCount = 2 * ConcurrentMessageLimit!.Value;
        endpoint.UseGamesRetry(context, isHopeless: failure => failure is GameNotFoundException);
        endpoint.UseEntityFrameworkOutbox<GamesDbContext>(context);
    }
}
