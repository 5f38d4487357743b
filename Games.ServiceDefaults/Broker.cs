using System.Text;
using System.Text.RegularExpressions;
using Games.Contracts;
using Games.Data;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Games.ServiceDefaults;

/// <summary>How a service finds the broker and what it names things there.</summary>
public static partial class Broker
{
    private const string Name = "RabbitMq";

    private static readonly Dictionary<string, object?> NoArguments = [];

    /// <summary>The address in <c>ConnectionStrings:RabbitMq</c>, or those of a cluster's nodes: several hosts by comma.</summary>
    /// <returns>An address a node; login and virtual host are the same in all.</returns>
    /// <exception cref="SettingException">It is missing or no AMQP address.</exception>
    public static IReadOnlyList<Uri> RequireBrokerNodes(this IConfiguration configuration)
    {
        var setting = AddressPattern().Match(configuration.RequireConnectionString(Name));
        var nodes = new List<Uri>();
        foreach (var host in setting.Groups["hosts"].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate($"{setting.Groups["login"]}{host}{setting.Groups["virtualHost"]}", UriKind.Absolute, out var node) || node.Host is "")
            {
                throw new SettingException(
                    $"Setting ConnectionStrings:{Name} is not of the form amqp://user:password@host:port/vhost (of a cluster: …@host,host/vhost).");
            }

            nodes.Add(node);
        }

        return nodes;
    }

    /// <summary>The version that the broker tells of itself; empty if it tells none.</summary>
    public static string ServerVersion(this IConnection connection) =>
        connection.ServerProperties is { } told && told.TryGetValue("version", out var version) && version is byte[] text
            ? Encoding.UTF8.GetString(text)
            : "";

    /// <summary>
    /// Names the exchange of each event as <see cref="Exchanges"/> does, and says which must arrive: those are kept by the outbox while nobody
    /// consumes them, and the others are dropped then.
    /// </summary>
    public static void UseGamesExchanges(this IRabbitMqBusFactoryConfigurator rabbitMq)
    {
        rabbitMq.Message<GameCreated>(message => message.SetEntityName(Exchanges.GameCreated));
        rabbitMq.Message<GameUpdated>(message => message.SetEntityName(Exchanges.GameUpdated));
        rabbitMq.Message<GameCancelled>(message => message.SetEntityName(Exchanges.GameCancelled));
        rabbitMq.Message<GameReminderDue>(message => message.SetEntityName(Exchanges.GameReminderDue));
        rabbitMq.Message<GameStarted>(message => message.SetEntityName(Exchanges.GameStarted));
        rabbitMq.Message<GameFinished>(message => message.SetEntityName(Exchanges.GameFinished));
        rabbitMq.Message<PlayerJoined>(message => message.SetEntityName(Exchanges.PlayerJoined));
        rabbitMq.Message<PlayerLeft>(message => message.SetEntityName(Exchanges.PlayerLeft));
        rabbitMq.Message<PlayerPromoted>(message => message.SetEntityName(Exchanges.PlayerPromoted));
        rabbitMq.Message<PlayerDemoted>(message => message.SetEntityName(Exchanges.PlayerDemoted));
        rabbitMq.Message<DiscordMessageReceived>(message => message.SetEntityName(Exchanges.DiscordMessageReceived));
        rabbitMq.Message<MessageStored>(message => message.SetEntityName(Exchanges.MessageStored));
        rabbitMq.ConfigurePublish(publish => publish.UseExecute(context => context.Mandatory |= IsConsumed(context)));
    }

    /// <summary>
    /// Declares the exchange of an event that nobody consumes yet, beside the queue of what publishes it: whoever comes can bind to it.
    /// </summary>
    public static void DeclareExchange(this IReceiveEndpointConfigurator endpoint, string name) =>
        (endpoint as IRabbitMqReceiveEndpointConfigurator)?.ConfigureChannel(channel => channel.UseExecuteAsync(context =>
            context.ExchangeDeclare(name, ExchangeType.Fanout, durable: true, autoDelete: false, NoArguments, context.CancellationToken)));

    /// <summary>
    /// Adds the outbox that both services share. The events of a game keep their order. With <c>OfficialPackages=true</c> they keep none, and
    /// nothing can be scheduled.
    /// </summary>
    public static void AddGamesOutbox(this IBusRegistrationConfigurator bus) => bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox =>
    {
        outbox.UsePostgres();
        outbox.UseBusOutbox();
        outbox.AddMessageScheduler();
        outbox.OrderBy<GameCreated>(x => KeyOf(x.GameId), begins: true);
        outbox.OrderBy<GameUpdated>(x => KeyOf(x.GameId));
        outbox.OrderBy<GameCancelled>(x => KeyOf(x.GameId));
        outbox.OrderBy<GameReminderDue>(x => KeyOf(x.GameId));
        outbox.OrderBy<GameStarted>(x => KeyOf(x.GameId));
        outbox.OrderBy<GameFinished>(x => KeyOf(x.GameId));
        outbox.OrderBy<PlayerJoined>(x => KeyOf(x.GameId));
        outbox.OrderBy<PlayerLeft>(x => KeyOf(x.GameId));
        outbox.OrderBy<PlayerPromoted>(x => KeyOf(x.GameId));
        outbox.OrderBy<PlayerDemoted>(x => KeyOf(x.GameId));
    });

    [GeneratedRegex("^(?<login>amqps?://(?:[^/]*@)?)(?<hosts>[^/@]+)(?<virtualHost>/.*)?$")]
    private static partial Regex AddressPattern();

    private static string KeyOf(Guid game) => $"game {game}";

    // By the bot.
    private static bool IsConsumed(PublishContext context) => context is
        PublishContext<GameCreated> or PublishContext<GameUpdated> or PublishContext<GameCancelled> or PublishContext<GameReminderDue>
        or PublishContext<GameStarted> or PublishContext<GameFinished> or PublishContext<PlayerJoined> or PublishContext<PlayerLeft>
        or PublishContext<PlayerPromoted> or PublishContext<PlayerDemoted> or PublishContext<DiscordMessageReceived>;

    /// <summary>Lets a service start and serve while the broker is away: the outbox keeps what cannot be sent.</summary>
    public static void StartWithoutBroker(this IServiceCollection services) => services.Configure<MassTransitHostOptions>(host =>
    {
        host.WaitUntilStarted = false;
        host.StopTimeout = TimeSpan.FromSeconds(10);
    });
}
