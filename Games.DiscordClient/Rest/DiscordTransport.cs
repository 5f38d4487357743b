using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Rest;

/// <summary>Sends a request when the rate limits let it, and says what became of it.</summary>
internal sealed partial class DiscordTransport(HttpClient http, DiscordRestOptions options, TimeProvider time, ILogger logger)
{
    private const string UserAgent = "DiscordBot (https://github.com/games, 1.0) Games.DiscordClient";

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly RateLimits _buckets = new(time);
    private readonly GlobalLimit _global = new(time, options.RequestsPerSecond);

    /// <summary>Invalid requests of the last 10 min: see <see cref="GlobalLimit"/>.</summary>
    public int InvalidRequests => _global.Invalid;

    public int Sharers
    {
        get => _global.Sharers;
        set => _global.Sharers = value;
    }

    /// <summary>The answer's body; null if the caller had nothing to send any more.</summary>
    /// <param name="route">Where to.</param>
    /// <param name="compose">Makes the body once it may be sent, each time anew; null in place of the function for none.</param>
    /// <param name="waits">Is told of each wait for a rate limit.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<byte[]?> SendAsync(
        Route route, Func<CancellationToken, ValueTask<object?>>? compose, Action<TimeSpan>? waits, CancellationToken ct)
    {
        var start = time.GetUtcNow();
        while (true)
        {
            var left = options.LongestWait - (time.GetUtcNow() - start);
            var bucket = _buckets.Find(route);
            Answer? answer = null;
            await bucket.TakeAsync(left, waits, ct);
            try
            {
                answer = route.IsInteraction
                    ? await ComposeAndSendAsync(route, compose, ct)
                    : await InGlobalLimitAsync(route, compose, left, waits, ct);
                if (answer is null)
                    return null;

                _buckets.Name(route, answer);
            }
            finally
            {
                bucket.Return(answer);
            }

            if (!answer.IsRateLimit)
            {
                return answer.IsError
                    ? throw new DiscordApiException(answer.Status, answer.Code, WithoutToken(answer.Error), answer.IsDiscords)
                    : answer.Body;
            }

            LogRateLimit(route, answer.Wait.TotalSeconds, !answer.IsDiscords ? "Cloudflare" : answer.Scope, answer.Code);
            if (time.GetUtcNow() - start + answer.Wait > options.LongestWait)
                throw new DiscordRateLimitException(answer.Wait, answer.Code);
        }
    }

    private async Task<Answer?> InGlobalLimitAsync(
        Route route, Func<CancellationToken, ValueTask<object?>>? compose, TimeSpan longest, Action<TimeSpan>? waits, CancellationToken ct)
    {
        Answer? answer = null;
        await _global.TakeAsync(route.GoesFirst, longest, waits, ct);
        try
        {
            return answer = await ComposeAndSendAsync(route, compose, ct);
        }
        finally
        {
            _global.Return(answer);
        }
    }

    private async Task<Answer?> ComposeAndSendAsync(Route route, Func<CancellationToken, ValueTask<object?>>? compose, CancellationToken ct)
    {
        WrittenBody? content = null;
        if (compose is not null)
        {
            if (await compose(ct) is not { } body)
                return null;
            content = new(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json));
        }

        using var span = DiscordTracing.Start(route, options.BaseAddress);
        using var request = new HttpRequestMessage(route.Method, new Uri(options.BaseAddress, route.Path)) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (route.IsAuthorized)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bot", options.Token);

        using var timeout = new CancellationTokenSource(route.IsInteraction ? options.CallbackTimeout : options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            var answer = await Answer.ReadAsync(response, either.Token);
            span.End(answer);
            if (route.IsInteraction)
                _global.Learn(answer);
            return answer;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            span.End(failure);
            ct.ThrowIfCancellationRequested();
            var reason = timeout.IsCancellationRequested ? "no answer in time" : WithoutToken(failure.GetBaseException().Message);
            // A request without a body asks, or deletes: whether it was written makes no difference to its caller.
            if (content is { IsWritten: true } || content is null && timeout.IsCancellationRequested)
                throw new DiscordOutcomeUnknownException($"{route}: {reason}");
            throw new DiscordUnreachableException($"{route}: {reason}");
        }
    }

    private string WithoutToken(string text) =>
        options.Token.Length == 0 ? text : text.Replace(options.Token, "…", StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Information, "Discord's rate limit for {Route}: {Wait:F1} s ({Scope}, code {Code})")]
    private partial void LogRateLimit(Route route, double wait, string? scope, int code);

    /// <summary>Knows whether its first byte may have left.</summary>
    private sealed class WrittenBody : ByteArrayContent
    {
        public WrittenBody(byte[] json)
            : base(json) => Headers.ContentType = new("application/json");

        public bool IsWritten { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken)
        {
            IsWritten = true;
            return base.SerializeToStreamAsync(stream, context, cancellationToken);
        }
    }
}
