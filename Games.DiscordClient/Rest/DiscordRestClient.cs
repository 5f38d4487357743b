using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Rest;

/// <summary>
/// Discord's HTTP API, as much of it as is called here. Each call waits for its rate limits, up to <see cref="DiscordRestOptions.LongestWait"/>, and
/// ends with its answer or with a <see cref="DiscordException"/>; calls may overlap. Only rate limits are tried again here: what else to repeat is
/// its caller's to know.
/// </summary>
public sealed class DiscordRestClient(HttpClient http, DiscordRestOptions options, TimeProvider time, ILogger<DiscordRestClient> logger)
{
    private readonly DiscordTransport _transport = new(http, options, new SteadyTime(time), logger);

    /// <summary>Requests of the last 10 min that Discord counts as invalid (401, 403, 429): 10,000 are a ban.</summary>
    public int InvalidRequests => _transport.InvalidRequests;

    /// <summary>How many processes send for the same bot, with this one: Discord's limit of requests a second is the bot's.</summary>
    public int Sharers
    {
        get => _transport.Sharers;
        set => _transport.Sharers = value;
    }

    /// <param name="channelId">Where.</param>
    /// <param name="compose">
    /// Makes the message at the moment when it may be sent, so that it says the newest, and again after each refusal by a rate limit; null if there
    /// is nothing to say any more.
    /// </param>
    /// <param name="waits">Is told of each wait.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Null if there was nothing to say.</returns>
    public Task<Message?> CreateMessageAsync(
        string channelId, Func<CancellationToken, ValueTask<MessageBody?>> compose, Action<TimeSpan>? waits, CancellationToken ct) =>
        SendAsync<Message>(Route.Messages(HttpMethod.Post, channelId), Boxed(compose), waits, ct);

    /// <inheritdoc cref="CreateMessageAsync(string, Func{CancellationToken, ValueTask{MessageBody?}}, Action{TimeSpan}?, CancellationToken)"/>
    public async Task<Message> CreateMessageAsync(string channelId, MessageBody body, CancellationToken ct) =>
        (await CreateMessageAsync(channelId, _ => new(body), null, ct))!;

    /// <inheritdoc cref="CreateMessageAsync(string, Func{CancellationToken, ValueTask{MessageBody?}}, Action{TimeSpan}?, CancellationToken)"/>
    public Task<Message?> EditMessageAsync(
        string channelId, string messageId, Func<CancellationToken, ValueTask<MessageBody?>> compose, Action<TimeSpan>? waits,
        CancellationToken ct) =>
        SendAsync<Message>(Route.Message(HttpMethod.Patch, channelId, messageId), Boxed(compose), waits, ct);

    public async Task<Message> EditMessageAsync(string channelId, string messageId, MessageBody body, CancellationToken ct) =>
        (await EditMessageAsync(channelId, messageId, _ => new(body), null, ct))!;

    public async Task<Message> GetMessageAsync(string channelId, string messageId, CancellationToken ct) =>
        (await SendAsync<Message>(Route.Message(HttpMethod.Get, channelId, messageId), null, null, ct))!;

    /// <summary>The channel's last messages, the newest first: 100 at most.</summary>
    /// <param name="channelId">Where.</param>
    /// <param name="before">Only older ones than this message; null for the last.</param>
    /// <param name="limit">1 to 100.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<Message>> ListMessagesAsync(string channelId, string? before, int limit, CancellationToken ct)
    {
        var route = Route.Messages(HttpMethod.Get, channelId);
        var query = FormattableString.Invariant($"?limit={limit}{(before is null ? "" : $"&before={before}")}");
        return (await SendAsync<List<Message>>(route with { Path = route.Path + query }, null, null, ct))!;
    }

    public Task DeleteMessageAsync(string channelId, string messageId, CancellationToken ct) =>
        _transport.SendAsync(Route.Message(HttpMethod.Delete, channelId, messageId), null, null, ct);

    public async Task<Channel> GetChannelAsync(string channelId, CancellationToken ct) =>
        (await SendAsync<Channel>(Route.Channel(channelId), null, null, ct))!;

    /// <summary>The channel for messages to one user: always the same.</summary>
    public async Task<Channel> OpenDirectMessagesAsync(string userId, CancellationToken ct) =>
        (await SendAsync<Channel>(
            Route.Of(HttpMethod.Post, "users/@me/channels"), _ => new(new Dictionary<string, string> { ["recipient_id"] = userId }), null, ct))!;

    public async Task<User> GetCurrentUserAsync(CancellationToken ct) =>
        (await SendAsync<User>(Route.Of(HttpMethod.Get, "users/@me"), null, null, ct))!;

    public async Task<GatewayBot> GetGatewayAsync(CancellationToken ct) =>
        (await SendAsync<GatewayBot>(Route.Gateway, null, null, ct))!;

    /// <summary>The first answer to an interaction, within 3 s of it.</summary>
    public Task AnswerInteractionAsync(string interactionId, string token, InteractionAnswer answer, CancellationToken ct) => _transport.SendAsync(
        new(HttpMethod.Post, "interactions/{}/{}/callback", interactionId, $"interactions/{interactionId}/{token}/callback")
        {
            IsAuthorized = false,
            IsInteraction = true,
        },
        _ => new(answer), null, ct);

    /// <summary>Fills in a deferred answer, or changes one, within 15 min of the interaction.</summary>
    public async Task<Message> EditAnswerAsync(string applicationId, string token, MessageBody body, CancellationToken ct) =>
        (await SendAsync<Message>(
            Route.Webhook(HttpMethod.Patch, "/messages/@original", applicationId, token, "/messages/@original"), _ => new(body), null, ct))!;

    /// <summary>A further answer to an interaction.</summary>
    public async Task<Message> FollowUpAsync(string applicationId, string token, MessageBody body, CancellationToken ct) =>
        (await SendAsync<Message>(Route.Webhook(HttpMethod.Post, "", applicationId, token, ""), _ => new(body), null, ct))!;

    /// <summary>The commands of the application: in one guild, or everywhere (null).</summary>
    public async Task<IReadOnlyList<Command>> GetCommandsAsync(string applicationId, string? guildId, CancellationToken ct) =>
        (await SendAsync<List<Command>>(Route.Commands(HttpMethod.Get, applicationId, guildId), null, null, ct))!;

    /// <summary>Replaces all of them.</summary>
    public async Task<IReadOnlyList<Command>> SetCommandsAsync(
        string applicationId, string? guildId, IReadOnlyList<Command> commands, CancellationToken ct) =>
        (await SendAsync<List<Command>>(Route.Commands(HttpMethod.Put, applicationId, guildId), _ => new(commands), null, ct))!;

    private static Func<CancellationToken, ValueTask<object?>> Boxed(Func<CancellationToken, ValueTask<MessageBody?>> compose) =>
        async ct => await compose(ct);

    private async Task<T?> SendAsync<T>(
        Route route, Func<CancellationToken, ValueTask<object?>>? compose, Action<TimeSpan>? waits, CancellationToken ct)
        where T : class
    {
        if (await _transport.SendAsync(route, compose, waits, ct) is not { } body)
            return null;

        try
        {
            return JsonSerializer.Deserialize<T>(body, DiscordTransport.Json) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            // A proxy's page with status 200, or half of an answer. What was asked for may have been done.
            throw new DiscordOutcomeUnknownException($"{route}: the answer cannot be read.");
        }
    }
}
