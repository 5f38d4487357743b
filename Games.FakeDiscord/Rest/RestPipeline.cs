using System.Text.Json.Nodes;
using Games.FakeDiscord.Faults;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>A status and a JSON body, or none.</summary>
internal sealed record Answer(int Status, JsonNode? Body = null)
{
    public static Answer Nothing { get; } = new(204);

    public static Answer Ok(JsonNode body) => new(200, body);
}

/// <summary>One operation of Discord's API. Interactions are answered without the bot's token, and outside the global limit.</summary>
internal sealed record Operation(string Method, string Pattern, RateLimitOf Limit, Func<HttpContext, Task<Answer>> Handle, bool OfInteraction = false)
{
    /// <summary>Discord publishes no numbers; this one keeps only loops out.</summary>
    public static readonly RateLimitOf Unpublished = _ => new("other", 50, 1);
}

/// <summary>What each request passes: faults, who asks, limits, and how a refusal is worded.</summary>
internal sealed partial class RestPipeline(
    RateLimits limits, ActiveFaults faults, Statistics statistics, TimeProvider time, ILogger<RestPipeline> logger)
{
    private const int BannedFrom = 10_000;

    public async Task RunAsync(HttpContext context, Operation operation)
    {
        var request = context.Request;
        if (faults.TakeFor(request, FaultKind.Latency) is { } latency)
            await Task.Delay(TimeSpan.FromMilliseconds(latency.Milliseconds), time, context.RequestAborted);
        if (faults.TakeFor(request, FaultKind.Timeout, FaultKind.Disconnect) is { } silence)
        {
            statistics.Answered(request.Method, operation.Pattern, request.Path, 0, isShared: false);
            await EndAsync(context, silence.Kind == FaultKind.Timeout);
            return;
        }

        if (statistics.InvalidInWindow >= BannedFrom)
        {
            statistics.Answered(request.Method, operation.Pattern, request.Path, 429, isShared: true);
            await WriteBanAsync(context);
            return;
        }

        var (answer, refusal) = await AnswerAsync(context, operation);
        statistics.Answered(request.Method, operation.Pattern, request.Path, answer.Status, refusal?.Scope == "shared");
        var fault = answer.Status < 300 ? faults.TakeFor(request, FaultKind.TimeoutAfterSuccess, FaultKind.DisconnectAfterSuccess) : null;
        if (fault is not null)
            await EndAsync(context, fault.Kind == FaultKind.TimeoutAfterSuccess);
        else
            await WriteAsync(context, answer);
    }

    public static async Task WriteAsync(HttpContext context, Answer answer)
    {
        context.Response.StatusCode = answer.Status;
        if (answer.Body is null)
            return;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.Body.ToJsonString(), context.RequestAborted);
    }

    private async Task<(Answer Answer, Refusal? Refusal)> AnswerAsync(HttpContext context, Operation operation)
    {
        try
        {
            if (!operation.OfInteraction)
                RequireBot(context.Request);
            if (!context.Request.Headers.UserAgent.ToString().StartsWith("DiscordBot", StringComparison.Ordinal))
                throw DiscordError.NoUserAgent;
            if (faults.TakeFor(context.Request, FaultKind.Error) is { } error)
                throw new DiscordError(error.Status, error.Code ?? 0, error.Message ?? $"{error.Status}: Injected");
            if (TakeLimit(context, operation) is { } refusal)
            {
                refusal.SetHeaders(context.Response.Headers);
                return (new(429, refusal.ToJson()), refusal);
            }

            return (await operation.Handle(context), null);
        }
        catch (DiscordError error)
        {
            return (new(error.Status, error.ToJson()), null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, context.Request.Method, context.Request.Path);
            return (new(500, new DiscordError(500, 0, "500: Internal Server Error").ToJson()), null);
        }
    }

    private void RequireBot(HttpRequest request)
    {
        var words = request.Headers.Authorization.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["Bot", _] || faults.TakeFor(request, FaultKind.Unauthorized) is not null)
            throw DiscordError.Unauthorized;
    }

    private Refusal? TakeLimit(HttpContext context, Operation operation)
    {
        var (limit, countsGlobally) = (operation.Limit(context), !operation.OfInteraction);
        return faults.TakeFor(context.Request, FaultKind.RateLimit) is { } storm
            ? limits.Refuse(context, limit, new(storm.RetryAfter, storm.Scope, storm.Code, storm.HeaderRetryAfter), countsGlobally)
            : limits.Take(context, limit, countsGlobally);
    }

    private static async Task EndAsync(HttpContext context, bool waits)
    {
        try
        {
            if (waits)
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has given up, as it should.
        }

        context.Abort();
    }

    /// <summary>Not Discord's words but those of the Cloudflare before it.</summary>
    private static async Task WriteBanAsync(HttpContext context)
    {
        context.Response.StatusCode = 429;
        context.Response.ContentType = "text/html; charset=UTF-8";
        await context.Response.WriteAsync("<html><title>Access denied</title><body>error code: 1015</body></html>", context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed, which is a fault of this program")]
    private partial void LogFailed(Exception failure, string method, string path);
}
