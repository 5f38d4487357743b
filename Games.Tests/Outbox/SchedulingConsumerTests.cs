using System.Diagnostics;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.RabbitMqTransport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

public sealed class SchedulingConsumerTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_consumer_schedules_and_cancels_in_its_transaction()
    {
        await using var service = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString, x =>
            x.AddConsumer<SchedulingConsumer, SchedulingConsumerDefinition>(), x => x.AddMessageScheduler());
        await service.StartAsync();
        var cancelled = await service.ScheduleAsync("cancelled by a consumer");

        await service.Services.GetRequiredService<IBus>().Publish(new NoteFiled(cancelled, "by a consumer"));

        await Until.TrueAsync(async () => !await service.IsScheduledAsync(cancelled), "the one is gone");
        var rows = await service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains("scheduled by a consumer")).ToArrayAsync());
        Assert.Equal(2, rows.Length);
        Assert.All(rows, x => Assert.NotNull(x.SchedulingToken));
        Assert.All(rows, x => Assert.Equal(x.EnqueueTime, x.NextAttempt));
        Assert.All(rows, x => Assert.InRange(x.EnqueueTime!.Value, SchedulingScopes.Tomorrow.AddMinutes(-1), SchedulingScopes.Tomorrow));
    }

    private sealed class SchedulingConsumer(IMessageScheduler scheduler) : IConsumer<NoteFiled>
    {
        public async Task Consume(ConsumeContext<NoteFiled> context)
        {
            await context.SchedulePublish(SchedulingScopes.Tomorrow, new NoteTaken(Guid.CreateVersion7(), "scheduled by a consumer's context"));
            await scheduler.SchedulePublish(SchedulingScopes.Tomorrow, new NoteTaken(Guid.CreateVersion7(), "scheduled by a consumer"));
            await scheduler.CancelScheduledPublish<NoteTaken>(context.Message.Id);
        }
    }

    private sealed class SchedulingConsumerDefinition : ConsumerDefinition<SchedulingConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<SchedulingConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }
}
