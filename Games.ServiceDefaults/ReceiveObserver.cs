using MassTransit;

namespace Games.ServiceDefaults;

/// <summary>Hears of each delivery what a derived class wants to hear, and of the rest nothing.</summary>
public abstract class ReceiveObserver : IReceiveObserver
{
    public virtual Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public virtual Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public virtual Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    public virtual Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;

    public virtual Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
}
