using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Tests.Messaging;

/// <summary>A service with a consumer behind the inbox that files each note, and fails as it is told to.</summary>
public abstract class ConsumingScenarios(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    protected Task<NotesService> StartAsync(Action<HostApplicationBuilder>? host = null, bool pooled = false) => NotesService.StartAsync(
        database.ConnectionString, broker.ConnectionString,
        bus: x =>
        {
            x.AddConsumer<FileNoteConsumer, FileNoteConsumerDefinition>();
            x.AddConsumer<FiledConsumer>();
            x.AddConsumer<FaultConsumer>();
        },
        rabbitMq: (context, cfg) => cfg.ConnectReceiveObserver(new Settlements(context.GetRequiredService<Seen>())),
        host: x =>
        {
            x.Services.AddSingleton<Failures>();
            host?.Invoke(x);
        },
        pooled: pooled);

    /// <summary>The text of a note whose failure no retry handles.</summary>
    protected const string Hopeless = "hopeless";

    protected static NoteTaken NewNote()
    {
        var id = Guid.CreateVersion7();

        return new(id, $"note {id}");
    }

    protected static Task PublishAsync(NotesService service, NoteTaken taken, Guid messageId) =>
        service.Services.GetRequiredService<IBus>().Publish(taken, x => x.MessageId = messageId);

    protected static Task<Note[]> NotesAsync(NotesService service, NoteTaken taken) =>
        service.QueryAsync(db => db.Notes.Where(x => x.Id == taken.Id).ToArrayAsync());

    protected static Attempt[] Attempts(NotesService service, NoteTaken taken) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Attempt>().Where(x => x.NoteId == taken.Id)];

    protected static Guid[] Filed(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteFiled>>().Select(x => x.Message.Id)];

    protected static Guid[] Observed(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Settled>().Select(x => x.MessageId)];

    protected static Fault<NoteTaken>[] Faults(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Fault<NoteTaken>>();

    protected static string TypeName<T>() => TypeCache<T>.ShortName;

    /// <summary>A message through the whole of consumer, outbox and relay: what left before it has arrived as well.</summary>
    protected static async Task FenceAsync(NotesService service)
    {
        var fence = NewNote();
        await PublishAsync(service, fence, NewId.NextGuid());
        await Until.TrueAsync(() => Filed(service).Contains(fence.Id), "the fence has arrived");
    }

    protected sealed record Attempt(Guid NoteId, Guid? ConversationId);

    protected sealed class FileNoteConsumer(NotesDbContext db, Seen seen, Failures failures) : IConsumer<NoteTaken>
    {
        public async Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Attempt(context.Message.Id, context.ConversationId));
            db.Add(new Note { Id = context.Message.Id, Text = context.Message.Text });
            await context.Publish(new NoteFiled(context.Message.Id, context.Message.Text));

            if (failures.Swallows(context.Message.Id))
            {
                await db.SaveChangesAsync(context.CancellationToken);
                await Assert.ThrowsAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync("SELECT 1 / 0"));
            }

            if (failures.Take(context.Message.Id))
            {
                await db.SaveChangesAsync(context.CancellationToken);
                throw context.Message.Text == Hopeless
                    ? new NotSupportedException("planned, and not tried again")
                    : new InvalidOperationException("planned");
            }
        }
    }

    protected sealed class FileNoteConsumerDefinition : ConsumerDefinition<FileNoteConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<FileNoteConsumer> consumerConfigurator,
            IRegistrationContext context)
        {
            endpointConfigurator.UseMessageRetry(x => x.Intervals(10, 50, 100, 100, 100, 100, 100, 100).Ignore<NotSupportedException>());
            endpointConfigurator.UseEntityFrameworkOutbox<NotesDbContext>(context);
        }
    }

    protected sealed class FiledConsumer(Seen seen) : IConsumer<NoteFiled>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(context);

            return Task.CompletedTask;
        }
    }

    protected sealed class FaultConsumer(Seen seen) : IConsumer<Fault<NoteTaken>>
    {
        public Task Consume(ConsumeContext<Fault<NoteTaken>> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }
}
