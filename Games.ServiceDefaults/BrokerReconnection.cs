using Games.Data;
using Games.Outbox.Outages;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.RabbitMqTransport;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Refusal = RabbitMQ.Client.Exceptions.PublishException;

namespace Games.ServiceDefaults;

/// <summary>
/// Connects MassTransit to RabbitMQ again within seconds after each outage. MassTransit's own retry policy waits 3 s growing to 37 s, no
/// setting shortens it, and a receive endpoint never starts it anew: a second outage begins with the pause that the first ended with. The
/// transport's public configuration types take another policy; MassTransit keeps health, a clean stop and deliveries in flight. What an endpoint asks
/// of its channel ends when that closes.
/// </summary>
public static class BrokerReconnection
{
    /// <summary>MassTransit waits one second more before each attempt.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Endpoints and sends share one connection, and each of them opens it when it is lost: together they try once in this time.</summary>
    private static readonly TimeSpan MinConnectInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Replaces <c>UsingRabbitMq</c> and its call of <c>Host</c>. The log says when the broker is away, and when it is back.</summary>
    /// <param name="bus">The service's bus.</param>
    /// <param name="nodes">
    /// The address, <c>amqp://user:password@host:port/vhost</c>, or those of a cluster's nodes: each attempt to connect goes to the next.
    /// </param>
    /// <param name="configure">Configures the bus as for <c>UsingRabbitMq</c>.</param>
    public static void UsingReconnectingRabbitMq(
        this IBusRegistrationConfigurator bus, IReadOnlyList<Uri> nodes, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> configure)
    {
        bus.AddMetrics();
        bus.TryAddSingleton(TimeProvider.System);
        bus.TryAddSingleton<BrokerOutage>();
        bus.AddReceiveEndpointObserver(provider => provider.GetRequiredService<BrokerOutage>());
        bus.AddReceiveObserver<FaultLog>();
        bus.SetBusFactory(new BusFactory(new(), (context, rabbitMq) =>
        {
            var limit = new ConnectLimit();
            rabbitMq.Host(nodes[0], host =>
            {
                host.OnRefreshConnectionFactory = factory =>
                {
                    factory.SocketFactory = AnsweringSocket.Create;
                    return limit.WaitAsync();
                };
                if (nodes.Count > 1)
                    host.UseCluster(cluster => AddNodes(cluster, nodes));
            });
            configure(context, rabbitMq);
        }));
    }

    /// <summary>In an order of its own, so that not all processes are at the first node.</summary>
    private static void AddNodes(IRabbitMqClusterConfigurator cluster, IEnumerable<Uri> nodes)
    {
        foreach (var node in nodes.Shuffle())
            cluster.Node($"{node.Host}:{(node.Port > 0 ? node.Port : node.Scheme is "amqps" ? 5671 : 5672)}");
    }

    private sealed class BusFactory(BusConfiguration bus, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> configure)
        : TransportRegistrationBusFactory<IRabbitMqReceiveEndpointConfigurator>(bus.Host)
    {
        public override IBusInstance CreateBus(
            IBusRegistrationContext context, IEnumerable<IBusInstanceSpecification> specifications, string busName)
        {
            bus.Host.Outage = context.GetRequiredService<BrokerOutage>();
            bus.Host.Outage.Reconnect = bus.Host.ReconnectAsync;
            return CreateBus(new RabbitMqBusFactoryConfigurator(bus), context, configure, specifications);
        }
    }

    /// <summary>The transport's configuration of a bus, with our host configuration in place of the transport's.</summary>
    private sealed class BusConfiguration : RabbitMqBusConfiguration, IRabbitMqBusConfiguration
    {
        private BusConfiguration(RabbitMqTopologyConfiguration topology)
            : base(topology) => Host = new(this, topology);

        public BusConfiguration()
            : this(new(RabbitMqBusFactory.CreateMessageTopology()))
        {
        }

        public HostConfiguration Host { get; }

        IHostConfiguration IBusConfiguration.HostConfiguration => Host;
        IRabbitMqHostConfiguration IRabbitMqBusConfiguration.HostConfiguration => Host;

        ConnectHandle IEndpointConfigurationObserverConnector.ConnectEndpointConfigurationObserver(IEndpointConfigurationObserver observer) =>
            Host.ConnectEndpointConfigurationObserver(observer);
    }

    private sealed class HostConfiguration : RabbitMqHostConfiguration
    {
        public HostConfiguration(IRabbitMqBusConfiguration bus, IRabbitMqTopologyConfiguration topology)
            : base(bus, topology)
        {
            var replaced = base.ReceiveTransportRetryPolicy;
            ReceiveTransportRetryPolicy = Retry.CreatePolicy(policy =>
            {
                policy.Handle<Exception>(failure =>
                {
                    // A connection over which nothing is kept is not mended by sending again at once: the relay decides.
                    if (failure.GetBaseException() is Refusal { IsReturn: false })
                        return false;
                    // The one place that hears of each attempt to connect: of a bus that only sends nobody else does.
                    if (failure is ConnectionException)
                        Outage?.Met(failure);
                    return replaced.IsHandled(failure);
                });
                // MassTransit gives an endpoint up for good after one refused login, and a broker that starts or stops may refuse one.
                policy.Handle<AuthenticationFailureException>();
                // Of a server that is too old.
                policy.Handle<SettingException>();
                // Not the number of attempts: when they are used up, MassTransit asks the policy for the next.
                policy.Interval(1, RetryDelay);
            });
        }

        public BrokerOutage? Outage { get; set; }

        /// <summary>Endpoints and sends meet a connection that is lost, and open another.</summary>
        public async Task ReconnectAsync()
        {
            try
            {
                await ConnectionContextSupervisor.Send(
                    Pipe.ExecuteAsync<ConnectionContext>(context => context.Connection.AbortAsync(context.CancellationToken)),
                    CancellationToken.None);
            }
            catch (Exception failure) when (failure is ConnectionException or OperationCanceledException)
            {
                // It is lost already, or the bus stops.
            }
        }

        /// <summary>For sends too: MassTransit takes this one if no other is named.</summary>
        public override IRetryPolicy ReceiveTransportRetryPolicy { get; }

        /// <summary>All receive endpoints that are configured with the bus, in whichever way, come by here.</summary>
        public override void ReceiveEndpoint(string queueName, Action<IRabbitMqReceiveEndpointConfigurator> configureEndpoint) =>
            base.ReceiveEndpoint(queueName, endpoint =>
            {
                endpoint.ConfigureChannel(channel => channel.UseFilter(new EndingCalls.Filter()));
                endpoint.ConfigureChannel(channel => channel.UseExecute(RefuseOldServer));
                configureEndpoint(endpoint);
            });
    }

    /// <summary>An outage of the broker, by its words: it ends when a newer one answers.</summary>
    private static void RefuseOldServer(ChannelContext context)
    {
        if (OldestServer.FindRefusalOfBroker(context.ConnectionContext.Connection.ServerVersion()) is { } refusal)
            throw new SettingException(refusal);
    }

    private sealed class ConnectLimit
    {
        private Task _nextAttempt = Task.CompletedTask;

        public async Task WaitAsync()
        {
            await _nextAttempt;
            _nextAttempt = Task.Delay(MinConnectInterval);
        }
    }
}
