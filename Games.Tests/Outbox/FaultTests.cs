using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>A consumer whose work cannot be saved has failed like any other: somebody who waits for its Fault hears of it.</summary>
public sealed class FaultTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData("save")]
    [InlineData("commit")]
    public async Task What_cannot_be_saved_is_one_fault_of_the_message_after_the_last_retry(string when)
    {
        await using var service = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString, x =>
        {
            x.AddConsumer<UnsavableConsumer, UnsavableConsumerDefinition>();
            x.AddConsumer<FaultConsumer>();
        });
        // Checked at the commit and not before.
        await service.InScopeAsync((db, _) => db.Database.ExecuteSqlRawAsync("""
            DROP INDEX IF EXISTS "IX_Notes_Text";
            ALTER TABLE "Notes" DROP CONSTRAINT IF EXISTS once, ADD CONSTRAINT once UNIQUE ("Text") DEFERRABLE INITIALLY DEFERRED;
            """));
        await service.StartAsync();
        var taken = new NoteTaken(Guid.NewGuid(), when);

        await service.Services.GetRequiredService<IBus>().Publish(taken);

        await Until.TrueAsync(() => Faults(service, taken).Length > 0, "the fault has arrived");
        await Until.TrueAsync(() => Attempts(service, taken) == 3, "it was tried three times");
        var fault = Assert.Single(Faults(service, taken));
        Assert.Contains(fault.Exceptions, x => x.Message.Contains(when == "commit" ? "once" : "saving the entity changes"));
        Assert.False(await service.QueryAsync(db => db.Notes.AnyAsync(x => x.Id == taken.Id)));
    }

    private static Fault<NoteTaken>[] Faults(NotesService service, NoteTaken taken) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Fault<NoteTaken>>().Where(x => x.Message.Id == taken.Id)];

    private static int Attempts(NotesService service, NoteTaken taken) =>
        service.Services.GetRequiredService<Seen>().Of<NoteTaken>().Count(x => x.Id == taken.Id);

    private sealed class UnsavableConsumer(NotesDbContext db, Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message);
            db.Add(new Note { Id = context.Message.Id, Text = context.Message.Text == "save" ? null! : "twice" });
            db.Add(new Note { Text = context.Message.Text == "save" ? "once" : "twice" });

            return Task.CompletedTask;
        }
    }

    private sealed class UnsavableConsumerDefinition : ConsumerDefinition<UnsavableConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<UnsavableConsumer> consumerConfigurator,
                IRegistrationContext context)
        {
            endpointConfigurator.UseMessageRetry(retry => retry.Immediate(2));
            endpointConfigurator.UseEntityFrameworkOutbox<NotesDbContext>(context);
        }
    }

    private sealed class FaultConsumer(Seen seen) : IConsumer<Fault<NoteTaken>>
    {
        public Task Consume(ConsumeContext<Fault<NoteTaken>> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }
}
