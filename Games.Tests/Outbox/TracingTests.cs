using System.Collections.Concurrent;
using System.Diagnostics;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>One trace from the request that publishes through the relay to the consumer.</summary>
public sealed class TracingTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData("2000")]
    [InlineData("0")]
    public async Task The_relays_span_stands_between_the_request_and_the_consumer(string handoffLimit)
    {
        using var spans = new Spans("MassTransit");
        await using var service = await StartAsync(handoffLimit);

        var (request, taken) = await TakeNoteAsync(service);

        var consumer = await ConsumedAsync(service, taken);
        await Until.TrueAsync(() => spans.Of(request).Count(x => x.Source.Name == "Games.Outbox") == 1, "the relay's span has ended");
        var relay = spans.Of(request).Single(x => x.Source.Name == "Games.Outbox");
        var captured = spans.Of(request).Single(x => x.SpanId == relay.ParentSpanId);
        Assert.Equal(request.SpanId, captured.ParentSpanId);
        var sent = spans.Of(request).Single(x => x.ParentSpanId == relay.SpanId);
        Assert.Equal(sent.Id, consumer.Header);
        Assert.Equal(request.TraceId, consumer.Trace);
        Assert.Equal("full of cash", consumer.Suitcase);
    }

    [Fact]
    public async Task The_trace_goes_on_where_nobody_listens_to_MassTransit()
    {
        using var spans = new Spans();
        await using var service = await StartAsync();

        var (request, taken) = await TakeNoteAsync(service);

        var consumer = await ConsumedAsync(service, taken);
        Assert.StartsWith($"00-{request.TraceId}-", consumer.Header, StringComparison.Ordinal);
        Assert.DoesNotContain(request.SpanId.ToString(), consumer.Header);
        await Until.TrueAsync(() => spans.Of(request).Any(x => x.Source.Name == "Games.Outbox"), "the relay's span has ended");
    }

    [Fact]
    public async Task A_message_whose_headers_cannot_be_read_is_refused_and_not_leased_for_ever()
    {
        using var spans = new Spans();
        await using var service = await StartAsync();

        var number = await service.QueryAsync(db => db.Database.SqlQueryRaw<long>("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "DestinationAddress", "Headers")
            VALUES (gen_random_uuid(), now(), 'application/json', 'urn:message:Any', '{{}}', 'exchange:any', 'no JSON')
            RETURNING "SequenceNumber" AS "Value"
            """).ToListAsync());

        await Until.TrueAsync(
            async () => await service.QueryAsync(db => db.Set<OutboxMessage>()
                .AnyAsync(x => x.SequenceNumber == number[0] && x.Attempts > 0 && x.LastError != null)),
            "it is refused", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_publish_that_is_refused_ends_its_span_as_an_error()
    {
        using var spans = new Spans();
        await using var service = await StartAsync();

        ActivityContext request;
        using (var activity = spans.Source.StartActivity("request")!)
        {
            request = activity.Context;
            await service.InScopeAsync(async (db, publisher) =>
            {
                await publisher.Publish(new NoteShredded(Guid.CreateVersion7(), "nobody listens"), x => x.Mandatory = true);
                await db.SaveChangesAsync();
            });
        }

        await Until.TrueAsync(() => spans.Of(request).Any(x => x.Source.Name == "Games.Outbox" && x.Status is ActivityStatusCode.Error
            && x.GetTagItem("outbox.result") is "Unroutable" && x.StatusDescription?.Contains("Returned") is true),
            "the span says what became of it and why");
    }

    private async Task<NotesService> StartAsync(string handoffLimit = "2000")
    {
        var service = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(),
            host: x => x.Configuration["Outbox:HandoffLimit"] = handoffLimit);
        var first = await service.TakeNoteAsync();
        await ConsumedAsync(service, first);

        return service;
    }

    private static async Task<(ActivityContext Request, NoteTaken Taken)> TakeNoteAsync(NotesService service)
    {
        using var source = new ActivitySource(nameof(TracingTests));
        using var activity = source.StartActivity("request")!;
        activity.AddBaggage("suitcase", "full of cash");

        return (activity.Context, await service.TakeNoteAsync());
    }

    private static async Task<Consumed> ConsumedAsync(NotesService service, NoteTaken taken)
    {
        var seen = service.Services.GetRequiredService<Seen>();
        await Until.TrueAsync(() => seen.Of<Consumed>().Any(x => x.Message == taken), "the message has arrived");

        return seen.Of<Consumed>().Single(x => x.Message == taken);
    }

    private sealed record Consumed(NoteTaken Message, string? Header, ActivityTraceId? Trace, string? Suitcase);

    /// <summary>The spans that have ended while this lives, of all services in the process.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = new();
        private readonly ActivityListener _listener;

        public Spans(params string[] sources)
        {
            _listener = new()
            {
                ShouldListenTo = source => source.Name is "Games.Outbox" or nameof(TracingTests) || sources.Contains(source.Name),
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _ended.Enqueue
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public ActivitySource Source { get; } = new(nameof(TracingTests));

        public Activity[] Of(ActivityContext request) => [.. _ended.Where(x => x.TraceId == request.TraceId)];

        public void Dispose()
        {
            _listener.Dispose();
            Source.Dispose();
        }
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Consumed(context.Message, context.ReceiveContext.TransportHeaders.Get<string>("MT-Activity-Id"),
                Activity.Current?.TraceId, Activity.Current?.GetBaggageItem("suitcase")));

            return Task.CompletedTask;
        }
    }
}
