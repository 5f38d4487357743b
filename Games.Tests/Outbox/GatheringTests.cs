using System.Collections.Concurrent;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>ConsumeTogetherDelay: after a shared transaction the next one waits for more deliveries.</summary>
public sealed class GatheringTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(997);

    private readonly HeldTime _time = new();
    private readonly Gate _gate = new();

    [Fact]
    public async Task A_message_that_comes_alone_waits_for_nobody()
    {
        await using var service = await StartAsync(together: 16);

        for (var i = 0; i < 3; i++)
            await ConsumedAsync(service, await PublishAsync(service, 1));

        Assert.Equal(0, _time.Waits);
    }

    [Fact]
    public async Task After_a_shared_transaction_nothing_is_consumed_until_the_wait_is_over()
    {
        await using var service = await StartAsync(together: 16);
        _gate.Close();
        var notes = await PublishAsync(service, 8);
        await Until.TrueAsync(() => Arrived(service) == notes.Length, "all have arrived");

        _gate.Open();
        await Until.TrueAsync(() => _time.IsWaiting, "the next one waits");
        var late = await PublishAsync(service, 1);
        await Until.TrueAsync(() => Arrived(service) == notes.Length + 1, "one more has arrived");
        Assert.DoesNotContain(late[0], Calls(service).SelectMany(x => x.Notes));

        _time.End();
        await ConsumedAsync(service, [.. notes, .. late]);
        Assert.DoesNotContain(Calls(service), x => x.WasWaiting);
    }

    [Fact]
    public async Task As_many_as_may_share_wait_for_no_more()
    {
        await using var service = await StartAsync(together: 2);
        _gate.Close();
        var notes = await PublishAsync(service, 8);
        await Until.TrueAsync(() => Arrived(service) == notes.Length, "all have arrived");

        _gate.Open();
        await Until.TrueAsync(() => Calls(service).SelectMany(x => x.Notes).Count() >= notes.Length - 1, "all have gone together, or all but one");
        Assert.InRange(_time.Waits, 0, 1);

        _time.End();
        await ConsumedAsync(service, notes);
    }

    private Task<NotesService> StartAsync(int together) => NotesService.StartAsync(
        database.ConnectionString, broker.ConnectionString,
        bus: x => x.AddConsumer<GatheringConsumer, GatheringConsumerDefinition>(),
        host: x =>
        {
            x.Configuration["Outbox:ConsumeTogether"] = $"{together}";
            x.Configuration["Outbox:ConsumerTransactions"] = "1";
            x.Configuration["Outbox:ConsumeTogetherDelay"] = $"{Delay}";
            x.Services.AddSingleton<TimeProvider>(_time);
            x.Services.AddSingleton(_time);
            x.Services.AddSingleton(_gate);
            x.Services.AddConsumeObserver<Arrivals>();
        },
        pooled: true);

    private static async Task<Guid[]> PublishAsync(NotesService service, int count)
    {
        Guid[] notes = [.. Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7())];
        await Task.WhenAll(notes.Select(x => service.Services.GetRequiredService<IBus>().Publish(new NoteGathered(x))));

        return notes;
    }

    private static Task ConsumedAsync(NotesService service, Guid[] notes) =>
        Until.TrueAsync(() => notes.All(x => Calls(service).SelectMany(call => call.Notes).Contains(x)), "all are consumed");

    private static Call[] Calls(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Call>();

    private static int Arrived(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Guid>().Length;

    public sealed record NoteGathered(Guid Id);

    private sealed record Call(Guid[] Notes, bool WasWaiting);

    /// <summary>Holds up the first consumer, so that others gather behind it.</summary>
    private sealed class Gate
    {
        private volatile TaskCompletionSource _open = new();

        public Gate() => Open();

        public Task IsOpen => _open.Task;

        public void Open() => _open.TrySetResult();

        public void Close() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Arrivals(Seen seen) : IConsumeObserver
    {
        public Task PreConsume<T>(ConsumeContext<T> context)
            where T : class
        {
            seen.Add(context.MessageId!.Value);

            return Task.CompletedTask;
        }

        public Task PostConsume<T>(ConsumeContext<T> context)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }

    private sealed class GatheringConsumer(Seen seen, HeldTime time, Gate gate) : IConsumer<NoteGathered>
    {
        public Task Consume(ConsumeContext<NoteGathered> context) => context.ConsumeTogether<NoteGathered>(async notes =>
        {
            await gate.IsOpen;
            seen.Add(new Call([.. notes.Select(x => x.Message.Id)], time.IsWaiting));
        });
    }

    private sealed class GatheringConsumerDefinition : ConsumerDefinition<GatheringConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<GatheringConsumer> consumerConfigurator,
                IRegistrationContext context) =>
            endpointConfigurator.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }

    /// <summary>The system's time, but for timers of the delay: they wait until the test ends them.</summary>
    private sealed class HeldTime : TimeProvider
    {
        private readonly ConcurrentQueue<Action> _held = new();
        private volatile bool _isOver;

        public int Waits { get; private set; }

        public bool IsWaiting => !_held.IsEmpty;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != Delay)
                return base.CreateTimer(callback, state, dueTime, period);

            Waits++;
            if (_isOver)
                return base.CreateTimer(callback, state, TimeSpan.Zero, period);

            var timer = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
            _held.Enqueue(() => timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));

            return timer;
        }

        /// <summary>Ends the wait, and all that come after it.</summary>
        public void End()
        {
            _isOver = true;
            while (_held.TryDequeue(out var end))
                end();
        }
    }
}
