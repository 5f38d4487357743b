using System.Diagnostics;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Messaging;

public class HeadersTests(EmptyDatabase database, TestBroker broker) : PublishingScenarios(database, broker)
{
    [Fact]
    public async Task Headers_correlation_id_and_baggage_arrive()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "MassTransit" or nameof(HeadersTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(nameof(HeadersTests));
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "with luggage");
        var correlationId = Guid.CreateVersion7();
        string traceId;

        using (var activity = source.StartActivity("request")!)
        {
            traceId = activity.TraceId.ToHexString();
            activity.AddBaggage("suitcase", "full of cash");
            await service.InScopeAsync(async (db, publisher) =>
            {
                await publisher.Publish(taken, x =>
                {
                    x.CorrelationId = correlationId;
                    x.Headers.Set("colour", "blue");
                    x.Headers.Set("number", 42);
                });
                await db.SaveChangesAsync();
            });
        }

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        var seen = service.Services.GetRequiredService<Seen>();
        var received = seen.Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.Equal("blue", received.Headers.Get<string>("colour"));
        Assert.Equal(42, received.Headers.Get<int>("number"));
        Assert.Equal(correlationId, received.CorrelationId);
        await Until.TrueAsync(() => seen.Of<Trace>().Any(x => x.NoteId == taken.Id), "its trace is noted");
        var trace = seen.Of<Trace>().Single(x => x.NoteId == taken.Id);
        Assert.Equal("full of cash", trace.Suitcase);
        Assert.Equal(traceId, trace.TraceId);
    }

    [Fact]
    public async Task Headers_survive_a_raw_serializer()
    {
        await using var service = await StartAsync(rabbitMq: (_, cfg) => cfg.UseRawJsonSerializer());
        var taken = new NoteTaken(Guid.CreateVersion7(), "raw");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(taken, x => x.Headers.Set("colour", "blue"));
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        var received = service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.Equal("blue", received.Headers.Get<string>("colour"));
        Assert.NotNull(received.MessageId);
    }

    [Fact]
    public async Task Scoped_filters_run_in_the_scope_that_publishes()
    {
        await using var service = await StartAsync(
            rabbitMq: (context, cfg) => cfg.UsePublishFilter(typeof(TenantFilter<>), context),
            host: x => x.Services.AddScoped<Tenant>());
        var taken = new NoteTaken(Guid.CreateVersion7(), "of a tenant");

        await using (var scope = service.Services.CreateAsyncScope())
        {
            scope.ServiceProvider.GetRequiredService<Tenant>().Name = "guild 7";
            await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(taken);
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
        }

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        var received = service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.Equal("guild 7", received.Headers.Get<string>("tenant"));
    }

    private sealed class Tenant
    {
        public string? Name { get; set; }
    }

    private sealed class TenantFilter<T>(Tenant tenant) : IFilter<PublishContext<T>>
        where T : class
    {
        public Task Send(PublishContext<T> context, IPipe<PublishContext<T>> next)
        {
            if (tenant.Name is not null)
                context.Headers.Set("tenant", tenant.Name);

            return next.Send(context);
        }

        public void Probe(ProbeContext context)
        {
        }
    }
}
