using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.FakeDiscord;

/// <summary>A nonce that is enforced makes a repeated POST harmless, for a few minutes.</summary>
public sealed class NonceTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new(2031, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private StandIn _discord = null!;

    public async ValueTask InitializeAsync() => _discord = await StandIn.StartAsync(_time);

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Fact]
    public async Task The_same_nonce_gives_the_first_message_for_2_minutes()
    {
        var first = await PostAsync("first", "one");
        _time.Advance(TimeSpan.FromSeconds(119));
        var repeated = await PostAsync("second", "one");
        _time.Advance(TimeSpan.FromSeconds(2));
        var later = await PostAsync("third", "one");

        Assert.Equal((first.Id, "first"), repeated);
        Assert.NotEqual(first.Id, later.Id);
    }

    [Fact]
    public async Task A_nonce_that_is_not_enforced_is_only_said()
    {
        var message = await _discord.OkAsync("POST", StandIn.Messages, """{"content":"a","nonce":7}""");
        var other = await _discord.OkAsync("POST", StandIn.Messages, """{"content":"a","nonce":7}""");

        Assert.Equal(7, (int)message["nonce"]!);
        Assert.NotEqual((string?)message["id"], (string?)other["id"]);
    }

    [Fact]
    public async Task A_message_that_was_deleted_is_not_posted_again_by_its_nonce()
    {
        var (id, _) = await PostAsync("first", "one");
        await _discord.FakeAsync("DELETE", $"messages/{id}");

        Assert.Equal((404, 10008), await _discord.RefusedAsync("POST", StandIn.Messages, """{"content":"a","nonce":"one","enforce_nonce":true}"""));
    }

    [Fact]
    public async Task A_time_out_after_success_leaves_one_message_for_the_repeat()
    {
        await _discord.PutFaultsAsync("""{"kind":"timeoutAfterSuccess","method":"POST","times":1}""");
        using var patience = new CancellationTokenSource();
        using var body = new StringContent("""{"content":"first","nonce":"one","enforce_nonce":true}""", null, "application/json");
        var unanswered = _discord.Bot.PostAsync(StandIn.Messages, body, patience.Token);
        await Until.TrueAsync(async () => (await MessagesAsync()).Length == 1, "the message is there");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unanswered);

        var repeated = await PostAsync("second", "one");

        Assert.Equal("first", repeated.Content);
        Assert.Equal(["first"], await MessagesAsync());
    }

    private async Task<(string Id, string Content)> PostAsync(string content, string nonce)
    {
        var message = await _discord.OkAsync("POST", StandIn.Messages, $$"""{"content":"{{content}}","nonce":"{{nonce}}","enforce_nonce":true}""");
        return ((string)message["id"]!, (string)message["content"]!);
    }

    private async Task<string[]> MessagesAsync() =>
        [.. (await _discord.FakeAsync("GET", StandIn.Messages))["list"]!.AsArray().Select(message => (string)message!["content"]!)];
}
