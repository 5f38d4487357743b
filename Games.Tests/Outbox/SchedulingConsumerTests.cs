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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_failed_attempt_has_cancelled_is_still_scheduled(bool strategyTriesAgain)
    {
        await using var service = await NotesService.BuildAsync(
            database.ConnectionString, broker.ConnectionString,
            x => x.AddConsumer<HesitantConsumer, HesitantConsumerDefinition>(),
            x => x.AddMessageScheduler(),
            host: x =>
            {
                // Those that fail in a shared transaction come again alone, on the same context.
                x.Configuration["Outbox:ConsumeTogether"] = "16";
                if (strategyTriesAgain)
                    x.Services.ConfigureDbContext<NotesDbContext>(o => o.UseNpgsql(npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.Zero, null)));
            },
            // The next attempt may get the context of the last.
            pooled: true);
        await service.StartAsync();
        var scheduled = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => service.ScheduleAsync($"in two minds {i} {strategyTriesAgain}")));

        var bus = service.Services.GetRequiredService<IBus>();
        await Task.WhenAll(scheduled.Select(x => bus.Publish(new NoteFiled(x, "in two minds"), message => message.MessageId = x)));

        // What the other tests here have published comes too.
        await Until.TrueAsync(
            () => scheduled.ToHashSet().IsSubsetOf(service.Services.GetRequiredService<Seen>().Of<Decided>().Select(x => x.Token)),
            "all have been consumed");
        await Until.TrueAsync(
            async () => await service.QueryAsync(db => db.Set<InboxState>().CountAsync(x => scheduled.Contains(x.MessageId))) == scheduled.Length,
            "all are committed");
        foreach (var token in scheduled)
            Assert.True(await service.IsScheduledAsync(token));
    }

    private sealed record Decided(Guid Token);

    /// <summary>Cancels at first, which comes to nothing, and not when it is called again.</summary>
    private sealed class HesitantConsumer(IMessageScheduler scheduler, Seen seen) : IConsumer<NoteFiled>
    {
        public async Task Consume(ConsumeContext<NoteFiled> context)
        {
            if (!seen.Of<Guid>().Contains(context.Message.Id))
            {
                seen.Add(context.Message.Id);
                await scheduler.CancelScheduledPublish<NoteTaken>(context.Message.Id);
                // What Npgsql's strategy tries again.
                throw new TimeoutException("planned");
            }

            seen.Add(new Decided(context.Message.Id));
        }
    }

    private sealed class HesitantConsumerDefinition : ConsumerDefinition<HesitantConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<HesitantConsumer> consumer, IRegistrationContext context)
        {
            endpoint.UseMessageRetry(x => x.Immediate(3));
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
        }
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
