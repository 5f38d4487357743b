using System.Runtime.CompilerServices;
using System.Threading.Channels;
using FastEndpoints;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.FastEndpoints;

public sealed class An_event_stream
{
    [Fact]
    public async Task Is_written_as_server_sent_events_to_the_byte()
    {
        var feed = Channel.CreateUnbounded<Tick>();
        await using var app = await StartAsync(feed);
        feed.Writer.TryWrite(new(1));
        feed.Writer.TryWrite(new(2));
        feed.Writer.Complete();

        var answer = await app.GetAsync("/ticks");

        Assert.Equal("text/event-stream; charset=utf-8", answer.ContentType?.ToString());
        Assert.Equal("no-cache", answer.Headers.CacheControl?.ToString());
        Assert.Equal("no", Assert.Single(answer.Headers.GetValues("X-Accel-Buffering")));
        Assert.Equal(
            "id: 1\nevent: tick\ndata: {\"number\":1}\nretry: \n\nid: 2\nevent: tick\ndata: {\"number\":2}\nretry: \n\n",
            answer.Body);
    }

    [Fact]
    public async Task Arrives_while_it_is_still_open_and_ends_when_the_listener_leaves()
    {
        var feed = Channel.CreateUnbounded<Tick>();
        await using var app = await StartAsync(feed);
        var ended = app.App.Services.GetRequiredService<TaskCompletionSource>();

        using (var response = await app.Client.GetAsync("/ticks", HttpCompletionOption.ResponseHeadersRead))
        {
            feed.Writer.TryWrite(new(1));
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.Equal("id: 1", await reader.ReadLineAsync());
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Ends_when_the_host_stops()
    {
        var feed = Channel.CreateUnbounded<Tick>();
        await using var app = await StartAsync(feed);
        using var response = await app.Client.GetAsync("/ticks", HttpCompletionOption.ResponseHeadersRead);

        await app.App.StopAsync();

        Assert.Equal("", await response.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static Task<EndpointApp> StartAsync(Channel<Tick> feed)
        => EndpointApp.StartAsync([typeof(TicksEndpoint)], build: builder =>
        {
            builder.Services.AddSingleton(feed.Reader);
            builder.Services.AddSingleton(new TaskCompletionSource());
        });

    internal sealed record Tick(int Number);

    [DontRegister]
    private sealed class TicksEndpoint(ChannelReader<Tick> feed, TaskCompletionSource ended) : EndpointWithoutRequest
    {
        public override void Configure()
        {
            Get("/ticks");
            AllowAnonymous();
        }

        public override Task HandleAsync(CancellationToken ct) => Send.EventStreamAsync("tick", TicksAsync(ct), ct);

        private async IAsyncEnumerable<Tick> TicksAsync([EnumeratorCancellation] CancellationToken ct)
        {
            try
            {
                await foreach (var tick in feed.ReadAllAsync(ct))
                    yield return tick;
            }
            finally
            {
                ended.TrySetResult();
            }
        }
    }
}
