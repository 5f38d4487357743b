using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>What goes through the outbox, in the eyes of MassTransit's test harness.</summary>
public sealed class HarnessTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static readonly Uri Anywhere = new("queue:anywhere");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_sees_a_message_after_the_save_and_not_before(bool publishes)
    {
        await using var provider = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "saved");

        await using var scope = provider.CreateAsyncScope();
        await SayAsync(scope, taken, publishes);
        Assert.False(Sees(provider, taken, publishes));

        await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
        Assert.True(Sees(provider, taken, publishes));
        Assert.False(Sees(provider, taken, !publishes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_a_transaction_of_the_application_the_commit_decides(bool commits)
    {
        await using var provider = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "in a transaction");

        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await SayAsync(scope, taken, publishes: true);
        await db.SaveChangesAsync();
        Assert.False(Sees(provider, taken));

        await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
        Assert.Equal(commits, Sees(provider, taken));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_an_ambient_transaction_its_completion_decides(bool completes)
    {
        await using var provider = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "in an ambient transaction");

        await using var scope = provider.CreateAsyncScope();
        using (var ambient = new System.Transactions.TransactionScope(System.Transactions.TransactionScopeAsyncFlowOption.Enabled))
        {
            await SayAsync(scope, taken, publishes: true);
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
            Assert.False(Sees(provider, taken));
            if (completes)
                ambient.Complete();
        }

        Assert.Equal(completes, Sees(provider, taken));
    }

    [Fact]
    public async Task It_sees_a_message_that_the_relay_has_sent_before_the_commit_is_known_here()
    {
        var taken = new NoteTaken(Guid.CreateVersion7(), "sent by then");
        var late = new LateToKnow();
        await using var provider = await StartAsync(options => options.AddInterceptors(late));
        var harness = provider.GetTestHarness();
        late.Until = () => Sent(harness, taken.Id);

        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(taken, context => context.MessageId = taken.Id);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();

        Assert.True(late.Waited);
        Assert.True(Sees(provider, taken));
        var seen = Assert.Single(harness.Published.Select<NoteTaken>(x => x.Context.Message.Id == taken.Id, new(canceled: true)));
        Assert.Equal(taken.Id, seen.Context.MessageId);
    }

    [Fact]
    public async Task It_sees_what_a_consumer_publishes_once_its_transaction_is_committed()
    {
        await using var provider = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "consumed");

        await provider.GetTestHarness().Bus.Publish(taken);

        await Until.TrueAsync(() => provider.GetTestHarness().Published
            .Select<NoteFiled>(x => x.Context.Message.Id == taken.Id, new(canceled: true)).Any(), "it sees it");
        await using var scope = provider.CreateAsyncScope();
        Assert.True(await scope.ServiceProvider.GetRequiredService<NotesDbContext>().Notes.AnyAsync(x => x.Id == taken.Id));
    }

    /// <summary>As bytes.</summary>
    private static bool Sent(ITestHarness harness, Guid messageId) =>
        harness.Published.Select(x => x.Context.MessageId == messageId, new(canceled: true)).Any()
        || harness.Sent.Select(x => x.Context.MessageId == messageId, new(canceled: true)).Any();

    private async Task<ServiceProvider> StartAsync(Action<DbContextOptionsBuilder>? configure = null)
    {
        var provider = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddDbContext<NotesDbContext>(options =>
            {
                options.UseNpgsql(database.ConnectionString);
                configure?.Invoke(options);
            })
            .AddMassTransitTestHarness(x =>
            {
                x.AddEntityFrameworkOutbox<NotesDbContext>(outbox => outbox.UsePostgres().UseBusOutbox());
                x.AddConsumer<FilingConsumer, FilingConsumerDefinition>();
            })
            .BuildServiceProvider(validateScopes: true);
        await using (var scope = provider.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().Database.EnsureCreatedAsync();
        await provider.GetTestHarness().Start();

        return provider;
    }

    private static async Task SayAsync(AsyncServiceScope scope, NoteTaken taken, bool publishes)
    {
        if (publishes)
        {
            await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(taken);
            return;
        }

        var endpoint = await scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>().GetSendEndpoint(Anywhere);
        await endpoint.Send(taken);
    }

    /// <summary>Without waiting.</summary>
    private static bool Sees(IServiceProvider provider, NoteTaken taken, bool published = true) => published
        ? provider.GetTestHarness().Published.Select<NoteTaken>(x => x.Context.Message.Id == taken.Id, new(canceled: true)).Any()
        : provider.GetTestHarness().Sent.Select<NoteTaken>(x => x.Context.Message.Id == taken.Id, new(canceled: true)).Any();

    private sealed class LateToKnow : DbTransactionInterceptor
    {
        /// <summary>Null while the tables are made, which is a transaction too.</summary>
        public Func<bool>? Until { get; set; }

        public bool Waited { get; private set; }

        public override async Task TransactionCommittedAsync(
            System.Data.Common.DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            if (Until is null)
                return;

            await Tests.Until.TrueAsync(Until, "the relay has sent it");
            Waited = true;
        }
    }

    private sealed class FilingConsumer(NotesDbContext db) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            db.Add(new Note { Id = context.Message.Id, Text = $"{context.Message.Id}" });

            return context.Publish(new NoteFiled(context.Message.Id, context.Message.Text));
        }
    }

    private sealed class FilingConsumerDefinition : ConsumerDefinition<FilingConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<FilingConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }
}
