using MassTransit;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Outages;

/// <summary>
/// What a process knows of an outage of its broker, by attempts to connect, by receive endpoints and by the relay: one warning when it begins, and
/// one line when all of them work again.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Where the two lines go.</param>
public sealed class BrokerOutage(TimeProvider time, ILogger<BrokerOutage> logger) : IReceiveEndpointObserver
{
    private readonly Outage _outage = new("The broker", ", messages wait in the outbox", time, logger);

    /// <summary>
    /// Closes the connection to the broker, so that another is opened; whoever connects the bus sets it. Null: a connection on which the broker keeps
    /// no message is waited for.
    /// </summary>
    public Func<Task>? Reconnect { get; set; }

    internal bool IsOn => _outage.IsOn;

    /// <summary>An attempt to connect has failed, and another will follow.</summary>
    public void Met(Exception failure) => Met(failure.InWords(), null);

    /// <summary>The loop cannot publish, and tries again until it <see cref="Works" />.</summary>
    internal void Met(string cause, object? loop) => _outage.Fails(loop, "", cause, isCertain: true);

    /// <summary>The loop publishes, so what failed to connect has succeeded since. Cheap: to be called whenever it does.</summary>
    internal void Works(object loop) => _outage.Works(loop);

    Task IReceiveEndpointObserver.Faulted(ReceiveEndpointFaulted faulted)
    {
        Met(faulted.Exception?.InWords() ?? "no reason is known", faulted.InputAddress);

        return Task.CompletedTask;
    }

    Task IReceiveEndpointObserver.Ready(ReceiveEndpointReady ready)
    {
        Works(ready.InputAddress);

        return Task.CompletedTask;
    }

    Task IReceiveEndpointObserver.Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;
    Task IReceiveEndpointObserver.Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;
}
