using System.Collections.Concurrent;
using Games.DiscordClient;
using Games.DiscordClient.Rest;
using Microsoft.Extensions.Logging.Abstractions;

namespace Games.Tests.DiscordClient;

/// <summary>Discord's limits, as the client keeps them. The clock is moved by hand: nothing is sent before its time.</summary>
public sealed class RateLimitTests : IAsyncDisposable
{
    private static readonly MessageBody Body = new() { Content = "x" };

    private readonly ScriptedDiscord _discord = new();

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Fact]
    public async Task A_bucket_that_is_empty_is_waited_for_and_only_that()
    {
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 200, """{"id":"1","channel_id":"2"}""", ScriptedDiscord.Limit(remaining: 0, resetAfter: 3));
        var client = _discord.Client();
        List<TimeSpan> waits = [];
        await client.CreateMessageAsync("2", Body, default);

        var next = client.CreateMessageAsync("2", _ => new(Body), waits.Add, default);
        await client.CreateMessageAsync("3", Body, default);
        _discord.Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(2, _discord.Requests.Count);
        _discord.Time.Advance(TimeSpan.FromSeconds(0.2));

        await next;
        Assert.Equal(3, _discord.Requests.Count);
        Assert.Contains(TimeSpan.FromSeconds(3), waits);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_delays_nothing()
    {
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 200, """{"id":"1","channel_id":"2"}""", ScriptedDiscord.Limit(remaining: 0, resetAfter: 0.1));
        var clock = new ClockToBeSet();
        var client = DiscordRegistration.CreateRestClient(_discord.Options, clock, NullLogger<DiscordRestClient>.Instance);
        await client.CreateMessageAsync("2", Body, default);

        clock.IsWrongBy = TimeSpan.FromHours(-1);

        // In its own channel, and one more than are let through in a second.
        await client.CreateMessageAsync("2", Body, default);
        for (var channel = 100; channel < 100 + 45; channel++)
            await client.CreateMessageAsync($"{channel}", Body, default);
        Assert.Equal(47, _discord.Requests.Count);
    }

    [Fact]
    public async Task A_bucket_named_by_another_channels_answer_is_still_that_of_those_whose_first_is_on_its_way()
    {
        var held = new TaskCompletionSource();
        _discord.Answer = async context =>
        {
            if (context.Request.Path.Value!.Contains("/channels/2/"))
                await held.Task;
            await ScriptedDiscord.Json(context, 200, """{"id":"1","channel_id":"2"}""", ScriptedDiscord.Limit(remaining: 0, resetAfter: 3));
        };
        var client = _discord.Client();
        var first = client.CreateMessageAsync("2", Body, default);
        await client.CreateMessageAsync("3", Body, default);
        held.SetResult();
        await first;

        var waits = new TaskCompletionSource();
        var second = client.CreateMessageAsync("2", _ => new(Body), _ => waits.TrySetResult(), default);

        Assert.Same(waits.Task, await Task.WhenAny(waits.Task, second));
        _discord.Time.Advance(TimeSpan.FromSeconds(3.5));
        await second;
    }

    [Fact]
    public async Task As_many_as_are_left_go_out_and_the_body_is_made_when_its_turn_comes()
    {
        var sent = 0;
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 200, """{"id":"1","channel_id":"2"}""", ScriptedDiscord.Limit(Math.Max(5 - Interlocked.Increment(ref sent), 0), 4));
        var client = _discord.Client();
        var state = "old";
        await client.EditMessageAsync("2", "1", Body, default);

        var calls = Enumerable.Range(0, 6)
            .Select(_ => client.EditMessageAsync("2", "1", _ => new(Body with { Content = state }), null, default)).ToList();
        await Until.TrueAsync(() => calls.Count(x => x.IsCompleted) == 4, "four more are sent");
        state = "new";
        Assert.Equal(5, _discord.Requests.Count);
        await _discord.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => calls.TrueForAll(x => x.IsCompleted), "all are sent");

        await Task.WhenAll(calls);
        Assert.Equal(5, _discord.Requests.Count(x => x.Body.Contains("old") || x.Body.Contains("\"x\"")));
        Assert.Equal(2, _discord.Requests.Count(x => x.Body.Contains("new")));
    }

    [Theory]
    [InlineData("5", 1.5, 0.2)]
    [InlineData("1", 5.0, 0.2)]
    [InlineData("1", 1.5, 5.0)]
    public async Task A_refusal_is_waited_out_by_the_longest_that_it_names(string header, double body, double resetAfter)
    {
        _discord.Answer = context => _discord.Requests.Count > 1
            ? ScriptedDiscord.Json(context, 200, """{"id":"1","channel_id":"2"}""")
            : ScriptedDiscord.Json(
                context, 429, FormattableString.Invariant($$"""{"message":"…","retry_after":{{body}},"global":false}"""),
                [("Retry-After", header), .. ScriptedDiscord.Limit(3, resetAfter)]);
        var start = _discord.Time.GetUtcNow();

        var call = _discord.Client().EditMessageAsync("2", "1", Body, default);
        await _discord.AdvanceUntilAsync(TimeSpan.FromSeconds(0.5), () => call.IsCompleted, "it is sent again");

        await call;
        Assert.True(_discord.Requests.Last().At - start >= TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_wait_that_is_too_long_is_its_callers_and_so_is_that_of_whoever_comes_later()
    {
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 429, """{"message":"…","retry_after":1163,"code":30046}""", ("Retry-After", "1"));
        var client = _discord.Client();

        var first = await Assert.ThrowsAsync<DiscordRateLimitException>(() => client.EditMessageAsync("2", "1", Body, default));
        await Assert.ThrowsAsync<DiscordRateLimitException>(() => client.EditMessageAsync("2", "1", Body, default));

        Assert.Equal((TimeSpan.FromSeconds(1163), 30046), (first.Wait, first.Code));
        Assert.Single(_discord.Requests);
    }

    [Fact]
    public async Task A_global_refusal_stops_all_but_interactions()
    {
        _discord.Answer = context => _discord.Requests.Count > 1
            ? ScriptedDiscord.Json(context, 200, """{"id":"1","channel_id":"2"}""")
            : ScriptedDiscord.Json(context, 429, """{"retry_after":3,"global":true}""", ("X-RateLimit-Global", "true"));
        var client = _discord.Client();

        var waits = new TaskCompletionSource();
        var refused = client.CreateMessageAsync("2", _ => new(Body), _ => waits.TrySetResult(), default);
        await waits.Task;
        var other = client.CreateMessageAsync("3", Body, default);
        await client.AnswerInteractionAsync("4", "t", InteractionAnswer.DeferredPrivate, default);
        Assert.Equal(2, _discord.Requests.Count);

        await _discord.AdvanceUntilAsync(TimeSpan.FromSeconds(0.5), () => refused.IsCompleted && other.IsCompleted, "both are sent");
        Assert.All(_discord.Requests.Skip(2), x => Assert.True(x.At - _discord.Requests.First().At >= TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public async Task Cloudflare_is_given_a_minute()
    {
        _discord.Answer = context => ScriptedDiscord.Json(context, 429, "<html>You are being rate limited</html>");

        var refused = await Assert.ThrowsAsync<DiscordRateLimitException>(() => _discord.Client().CreateMessageAsync("2", Body, default));

        Assert.Equal(TimeSpan.FromSeconds(60), refused.Wait);
    }

    [Theory]
    [InlineData(1, 45)]
    [InlineData(2, 22)]
    [InlineData(100, 1)]
    public async Task No_more_go_out_in_a_second_than_Discord_lets_through_to_all_processes_of_a_bot(int sharers, int part)
    {
        var client = _discord.Client();
        client.Sharers = sharers;
        var sent = new ConcurrentQueue<DateTimeOffset>();

        var calls = Enumerable.Range(0, 100).Select(i => client.CreateMessageAsync($"{i}", Compose, null, default)).ToList();
        await Until.TrueAsync(() => calls.Count(x => x.IsCompleted) == part, "the first second's are sent");
        Assert.Equal(part, _discord.Requests.Count);

        await _discord.AdvanceUntilAsync(TimeSpan.FromSeconds(0.25), () => calls.TrueForAll(x => x.IsCompleted), "all are sent");
        var times = sent.Order().ToList();
        Assert.All(Enumerable.Range(0, times.Count - part - 5), i => Assert.True(times[i + part + 5] - times[i] >= TimeSpan.FromSeconds(1)));

        ValueTask<MessageBody?> Compose(CancellationToken ct)
        {
            sent.Enqueue(_discord.Time.GetUtcNow());
            return new(Body);
        }
    }

    [Fact]
    public async Task Whoever_takes_the_gateway_does_not_wait_behind_what_is_to_be_posted()
    {
        var client = _discord.Client();
        client.Sharers = 2;
        var calls = Enumerable.Range(0, 100).Select(i => client.CreateMessageAsync($"{i}", Body, default)).ToList();
        await Until.TrueAsync(() => calls.Count(x => x.IsCompleted) == 22, "the first second's are sent");

        // Time stands still.
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 200, """{"url":"wss://x","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}""");
        Assert.Equal(1, (await client.GetGatewayAsync(default)).Shards);

        Assert.Equal(22, calls.Count(x => x.IsCompleted));
        await _discord.AdvanceUntilAsync(TimeSpan.FromSeconds(0.25), () => calls.TrueForAll(x => x.IsCompleted), "all are sent");
    }

    [Theory]
    [InlineData("shared", 0)]
    [InlineData("user", 1)]
    public async Task A_limit_that_others_used_up_is_no_invalid_request(string scope, int invalid)
    {
        _discord.Answer = context => ScriptedDiscord.Json(context, 429, """{"retry_after":20}""", ("X-RateLimit-Scope", scope));
        var client = _discord.Client();

        await Assert.ThrowsAsync<DiscordRateLimitException>(() => client.CreateMessageAsync("2", Body, default));

        Assert.Equal(invalid, client.InvalidRequests);
    }

    [Fact]
    public async Task A_storm_of_refusals_stays_under_one_percent_of_what_Discord_forgives()
    {
        _discord.Answer = context => ScriptedDiscord.Json(
            context, 429, """{"retry_after":0.3}""", ("Retry-After", "1"), ("X-RateLimit-Scope", "user"));
        var client = _discord.Client();
        using var stop = new CancellationTokenSource();
        var start = _discord.Time.GetUtcNow();

        var callers = Enumerable.Range(0, 50).Select(channel => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await client.CreateMessageAsync($"{channel}", _ => new(Body), null, stop.Token);
                }
                catch (DiscordRateLimitException limit)
                {
                    await Task.Delay(limit.Wait, _discord.Time, stop.Token);
                }
            }
        })).ToList();
        await _discord.AdvanceUntilAsync(
            TimeSpan.FromSeconds(2), () => _discord.Time.GetUtcNow() - start > TimeSpan.FromMinutes(9), "nine minutes are over");
        await stop.CancelAsync();
        await Task.WhenAny(Task.WhenAll(callers));

        Assert.InRange(_discord.Requests.Count, 2, 100);
    }

    [Fact]
    public async Task What_is_forbidden_is_slowed_down_long_before_the_ban()
    {
        _discord.Answer = context => ScriptedDiscord.Json(context, 403, """{"code":50007,"message":"Cannot send messages to this user"}""");
        var client = _discord.Client(new() { Token = "x", BaseAddress = _discord.Options.BaseAddress, RequestsPerSecond = 100_000 });

        for (var i = 0; i <= 1_000; i++)
            await Assert.ThrowsAsync<DiscordApiException>(() => client.CreateMessageAsync($"{i}", Body, default));
        var next = client.CreateMessageAsync("2000", Body, default);
        _discord.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1_001, _discord.Requests.Count);
        _discord.Time.Advance(TimeSpan.FromSeconds(0.1));

        await Assert.ThrowsAsync<DiscordApiException>(() => next);
    }

    private sealed class ClockToBeSet : TimeProvider
    {
        public TimeSpan IsWrongBy { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + IsWrongBy;
    }
}
