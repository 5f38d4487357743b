using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Games.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.ServiceDefaults;

public sealed class ReconnectionAttemptsTests
{
    private int _attempts;

    [Fact]
    public async Task However_many_sends_ask_for_the_broker_it_is_asked_twice_a_second()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var refusing = RefuseAsync(listener);
        await using var services = new ServiceCollection().AddLogging().AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingReconnectingRabbitMq([new($"amqp://guest:guest@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/")], (_, _) => { });
        }).BuildServiceProvider();
        var bus = services.GetRequiredService<IBusControl>();
        using var enough = new CancellationTokenSource();
        var endpoint = await bus.GetSendEndpoint(new("exchange:any"));
        var sends = new List<Task>();
        var started = Stopwatch.GetTimestamp();

        // A send connects at once when nobody is about to.
        for (var i = 0; i < 5; i++)
        {
            sends.Add(endpoint.Send(new Anything(), enough.Token));
            await Until.TrueAsync(() => Volatile.Read(ref _attempts) > i, "the broker is asked");
        }

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromSeconds(1.75), TimeSpan.FromSeconds(20));
        await enough.CancelAsync();
        // Cancelled, or refused just before.
        var failure = await Record.ExceptionAsync(() => Task.WhenAll(sends).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(failure is OperationCanceledException or RabbitMqConnectionException, $"{failure}");
        listener.Stop();
        await refusing;
    }

    private async Task RefuseAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var refused = await listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _attempts);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
        }
    }

    private sealed record Anything;
}
