using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>An interceptor of the DbContext that takes the scope's IPublishEndpoint, which writes to that DbContext.</summary>
public sealed class DomainEventsTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_it_publishes_is_saved_with_the_change_or_not_at_all(bool publisherFirst)
    {
        await using var service = await BuildAsync();
        var note = new Note { Text = $"with its event {publisherFirst}" };

        await using (var scope = service.Services.CreateAsyncScope())
        {
            if (publisherFirst)
                scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            db.Add(note);
            await db.SaveChangesAsync();
        }

        await using (var scope = service.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            db.Add(new Note { Text = note.Text });
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        }

        Assert.Equal(1, await service.QueryAsync(db => db.Set<OutboxMessage>().CountAsync(x => x.Body.Contains(note.Text))));
    }

    [Fact]
    public async Task In_a_consumer_it_shares_the_fate_of_the_transaction_and_so_does_what_the_consumer_publishes()
    {
        await using var service = await BuildAsync();
        await service.StartAsync();
        var (failing, healthy) = (new NoteTaken(Guid.CreateVersion7(), "fails"), new NoteTaken(Guid.CreateVersion7(), "works"));
        string[] Arrived() => [.. Filed(service).Where(x => x.EndsWith(failing.Text) || x.EndsWith(healthy.Text)).Order()];

        await service.Services.GetRequiredService<IBus>().Publish(failing);
        await Until.TrueAsync(() => service.Services.GetRequiredService<Seen>().Of<Fault<NoteTaken>>().Length == 1, "the one has faulted");
        await service.Services.GetRequiredService<IBus>().Publish(healthy);
        await Until.TrueAsync(() => Arrived().Length == 2, "the events of the other have arrived");

        Assert.Equal([$"by an interceptor: {healthy.Text}", $"by the consumer: {healthy.Text}"], Arrived());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_a_pool_whose_interceptors_belong_to_no_scope_the_save_fails_and_says_why(bool validates)
    {
        await using var service = await BuildAsync(pooled: true, validates);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => service.InScopeAsync(async (db, _) =>
        {
            db.Add(new Note { Text = $"with a pool {validates}" });
            await db.SaveChangesAsync();
        }));

        Assert.Contains(validates ? "root provider" : "AddDbContextPool", refused.Message);
        await using var plain = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString);
        Assert.False(await plain.QueryAsync(db => db.Notes.AnyAsync(x => x.Text == $"with a pool {validates}")));
    }

    private async Task<NotesService> BuildAsync(bool pooled = false, bool validates = false)
    {
        // Its tables: what cannot be built cannot make them.
        await using (await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString))
        {
        }

        return await NotesService.BuildAsync(
            database.ConnectionString, broker.ConnectionString,
            bus: x =>
            {
                x.AddConsumer<FilingConsumer, FilingConsumerDefinition>();
                x.AddConsumer<SeeingConsumer>();
            },
            host: x =>
            {
                x.Services.AddScoped<DomainEvents>();
                x.Services.ConfigureDbContext<NotesDbContext>((provider, options) =>
                    options.AddInterceptors(provider.GetRequiredService<DomainEvents>()));
                x.ConfigureContainer(new DefaultServiceProviderFactory(new() { ValidateScopes = validates }));
            },
            pooled: pooled, creates: false);
    }

    private static string[] Filed(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<NoteFiled>().Select(x => x.Text)];

    private sealed class DomainEvents(IPublishEndpoint publisher) : SaveChangesInterceptor
    {
        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            foreach (var note in eventData.Context!.ChangeTracker.Entries<Note>().Where(x => x.State is EntityState.Added).ToArray())
                await publisher.Publish(new NoteFiled(note.Entity.Id, $"by an interceptor: {note.Entity.Text}"), cancellationToken);

            return result;
        }
    }

    private sealed class FilingConsumer(NotesDbContext db, IPublishEndpoint publisher) : IConsumer<NoteTaken>
    {
        public async Task Consume(ConsumeContext<NoteTaken> context)
        {
            db.Add(new Note { Id = context.Message.Id, Text = context.Message.Text });
            await publisher.Publish(new NoteFiled(context.Message.Id, $"by the consumer: {context.Message.Text}"));
            await db.SaveChangesAsync();
            if (context.Message.Text == "fails")
                throw new InvalidOperationException("planned");
        }
    }

    private sealed class FilingConsumerDefinition : ConsumerDefinition<FilingConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<FilingConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }

    private sealed class SeeingConsumer(Seen seen) : IConsumer<NoteFiled>, IConsumer<Fault<NoteTaken>>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<Fault<NoteTaken>> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }
}
