using Games.Outbox;
using Games.Tests.Messaging;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Games.Tests.Outbox;

/// <summary>Where the outbox's settings come from, and that a wrong one ends the start.</summary>
public sealed class OptionsTests
{
    private const string Nowhere = "Host=127.0.0.1;Port=1;Database=nowhere";

    [Fact]
    public void Each_context_has_its_own_from_code_and_the_configuration_wins_for_both()
    {
        using var host = Build(["Outbox:PublishLimit=7"], bus =>
        {
            bus.AddEntityFrameworkOutbox<NotesDbContext>(x =>
            {
                x.QueryMessageLimit = 11;
                x.UseBusOutbox(y => y.MessageDeliveryLimit = 99);
            });
            bus.AddEntityFrameworkOutbox<OtherDbContext>(x => x.QueryMessageLimit = 22);
        });

        var notes = host.Services.GetRequiredService<OutboxSettings<NotesDbContext>>().Value;
        var other = host.Services.GetRequiredService<OutboxSettings<OtherDbContext>>().Value;

        Assert.Equal((11, 7), (notes.ClaimLimit, notes.PublishLimit));
        Assert.Equal((22, 7), (other.ClaimLimit, other.PublishLimit));
    }

    [Theory]
    [InlineData("Outbox:Lease=00:00:00.5", "Outbox:Lease must be one second to 30.00:00:00 (")]
    [InlineData("Outbox:ClaimLimit=0", "Outbox:ClaimLimit must be more than zero.")]
    [InlineData("Outbox:RetryDelay=00:00:00", "Outbox:RetryDelay must be more than zero and at most 30.00:00:00 (")]
    [InlineData("Outbox:MaxRetryDelay=00:00:00.5", "Outbox:MaxRetryDelay must be at least RetryDelay.")]
    [InlineData("Outbox:StopTimeout=-00:00:01", "Outbox:StopTimeout must be zero to 30.00:00:00 (")]
    [InlineData("Outbox:HandoffLimit=-1", "Outbox:HandoffLimit must be zero or more.")]
    [InlineData("Outbox:ConsumeTogetherDelay=00:00:02", "Outbox:ConsumeTogetherDelay must be zero to one second (")]
    public async Task A_setting_that_cannot_work_ends_the_start_and_is_named(string setting, string rule)
    {
        using var host = Build([setting], bus => bus.AddEntityFrameworkOutbox<NotesDbContext>());

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains(rule, refused.Message);
    }

    private static IHost Build(string[] settings, Action<IBusRegistrationConfigurator> outbox)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Select(x => x.Split('=')).ToDictionary(x => x[0], x => (string?)x[1]));
        builder.Services.AddDbContext<NotesDbContext>(x => x.UseNpgsql(Nowhere));
        builder.Services.AddDbContext<OtherDbContext>(x => x.UseNpgsql(Nowhere));
        builder.Services.AddMassTransit(x =>
        {
            outbox(x);
            x.UsingInMemory();
        });

        return builder.Build();
    }

    private sealed class OtherDbContext(DbContextOptions<OtherDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddTransactionalOutboxEntities();
    }
}
