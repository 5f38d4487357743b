using MassTransit;
using MassTransit.Configuration;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Bot;

/// <summary>
/// RabbitMQ for MassTransit, connected again within seconds after each outage. MassTransit's own retry policy waits 3 s growing to
/// 37 s, and no setting shortens it. A receive endpoint never starts that policy anew: a second outage begins with the pause that the first ended
/// with. The transport's public configuration types take another policy; health, a clean stop and deliveries in flight stay MassTransit's.
/// </summary>
internal static class BrokerReconnection
{
    /// <summary>MassTransit waits one second more before each attempt.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    /// <summary>Endpoints and sends share one connection, and each asks for it: however many they are, they connect once in this time.</summary>
    private static readonly TimeSpan LeastTimeBetweenAttempts = TimeSpan.FromSeconds(1);

    /// <summary>Does what <c>UsingRabbitMq</c> does, and names the broker.</summary>
    public static void UsingReconnectingRabbitMq(
        this IBusRegistrationConfigurator bus, Uri broker, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> configure) =>
        bus.SetBusFactory(new BusFactory(new(), (context, rabbitMq) =>
        {
            rabbitMq.Host(broker, host => host.OnRefreshConnectionFactory = new Attempts().WaitAsync);
            configure(context, rabbitMq);
        }));

    private sealed class BusFactory(Bus bus, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> configure)
        : TransportRegistrationBusFactory<IRabbitMqReceiveEndpointConfigurator>(bus.Host)
    {
        public override IBusInstance CreateBus(
            IBusRegistrationContext context, IEnumerable<IBusInstanceSpecification> specifications, string busName) =>
            CreateBus(new RabbitMqBusFactoryConfigurator(bus), context, configure, specifications);
    }

    /// <summary>The transport's configuration of a bus, with our host in the place of its own.</summary>
    private sealed class Bus : RabbitMqBusConfiguration, IRabbitMqBusConfiguration
    {
        private Bus(RabbitMqTopologyConfiguration topology)
            : base(topology) => Host = new(this, topology);

        public Bus()
            : this(new(RabbitMqBusFactory.CreateMessageTopology()))
        {
        }

        public Host Host { get; }

        IHostConfiguration IBusConfiguration.HostConfiguration => Host;
        IRabbitMqHostConfiguration IRabbitMqBusConfiguration.HostConfiguration => Host;
    }

    private sealed class Host : RabbitMqHostConfiguration
    {
        public Host(IRabbitMqBusConfiguration bus, IRabbitMqTopologyConfiguration topology)
            : base(bus, topology)
        {
            var replaced = base.ReceiveTransportRetryPolicy;
            ReceiveTransportRetryPolicy = Retry.CreatePolicy(policy =>
            {
                policy.Handle<Exception>(replaced.IsHandled);
                // MassTransit gives an endpoint up for good after one refused login, and a broker that starts or stops may refuse one.
                policy.Handle<AuthenticationFailureException>();
                // Not the number of attempts: when they are used up, MassTransit asks the policy for the next.
                policy.Interval(1, Delay);
            });
        }

        /// <summary>For sends too: MassTransit takes this one if no other is named.</summary>
        public override IRetryPolicy ReceiveTransportRetryPolicy { get; }
    }

    private sealed class Attempts
    {
        private Task _pause = Task.CompletedTask;

        public async Task WaitAsync(ConnectionFactory factory)
        {
            await _pause;
            _pause = Task.Delay(LeastTimeBetweenAttempts);
        }
    }
}
