using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Games.DiscordClient.Rest;

/// <summary>What a response says of rate limits and errors.</summary>
internal sealed class Answer
{
    private static readonly TimeSpan CloudflarePause = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private Answer(HttpResponseMessage response, byte[] body)
    {
        (Status, Body) = (response.StatusCode, body);
        var headers = response.Headers;
        (Bucket, Scope) = (TextOf(headers, "X-RateLimit-Bucket"), TextOf(headers, "X-RateLimit-Scope"));
        (Limit, Remaining) = ((int?)NumberOf(headers, "X-RateLimit-Limit"), (int?)NumberOf(headers, "X-RateLimit-Remaining"));
        ResetAfter = Seconds(NumberOf(headers, "X-RateLimit-Reset-After"));

        var json = IsError ? ParsedOf(body) : null;
        IsDiscords = !IsError || json is { ValueKind: JsonValueKind.Object };
        if (json is { ValueKind: JsonValueKind.Object } error)
        {
            var hasCode = error.TryGetProperty("code", out var code) && code.ValueKind is JsonValueKind.Number;
            Code = hasCode && code.TryGetInt32(out var number) ? number : 0;
            Error = error.TryGetProperty("message", out var message) && message.ValueKind is JsonValueKind.String ? message.GetString()! : "";
            if (error.TryGetProperty("errors", out var errors))
                Error += $" {Cut(errors.GetRawText())}";
        }
        else if (IsError)
        {
            Error = response.ReasonPhrase ?? "";
        }

        if (Status is not HttpStatusCode.TooManyRequests)
            return;

        // Headers and body disagree now and then, so it is the longest of them.
        var retryAfter = Seconds(NumberOf(headers, "Retry-After")) ?? TimeSpan.Zero;
        var inBody = json is { ValueKind: JsonValueKind.Object } limit && limit.TryGetProperty("retry_after", out var value)
            && value.ValueKind is JsonValueKind.Number ? Seconds(value.GetDouble()) : null;
        IsGlobal = !IsDiscords || TextOf(headers, "X-RateLimit-Global") == "true" || Scope == "global"
            || json is { ValueKind: JsonValueKind.Object } said && said.TryGetProperty("global", out var global)
            && global.ValueKind is JsonValueKind.True;
        Wait = Max(retryAfter, Max(inBody ?? TimeSpan.Zero, IsGlobal ? TimeSpan.Zero : ResetAfter ?? TimeSpan.Zero));
        if (!IsDiscords)
            Wait = Max(Wait, CloudflarePause);
    }

    public HttpStatusCode Status { get; }
    public byte[] Body { get; }
    public string? Bucket { get; }
    public string? Scope { get; }
    public int? Limit { get; }
    public int? Remaining { get; }
    public TimeSpan? ResetAfter { get; }
    public int Code { get; }
    public string Error { get; } = "";

    /// <summary>Of a 429: how long nothing of its kind is to be sent.</summary>
    public TimeSpan Wait { get; }

    public bool IsGlobal { get; }

    /// <summary>Discord's errors are JSON. Others are of a server on the way: Cloudflare, a proxy, a firewall.</summary>
    public bool IsDiscords { get; }

    public bool IsError => (int)Status >= 400;

    public bool IsRateLimit => Status is HttpStatusCode.TooManyRequests;

    /// <summary>Counted by Discord against its 10,000 in 10 min. A limit of the resource, which others used up, is not.</summary>
    public bool IsInvalidRequest => Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden || IsRateLimit && Scope != "shared";

    public static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken ct) =>
        new(response, await response.Content.ReadAsByteArrayAsync(ct));

    private static string? TextOf(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static double? NumberOf(HttpResponseHeaders headers, string name) =>
        double.TryParse(TextOf(headers, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan? Seconds(double? number) => number switch
    {
        null or < 0 or double.NaN => null,
        var seconds when seconds >= Longest.TotalSeconds => Longest,
        { } seconds => TimeSpan.FromSeconds(seconds),
    };

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static JsonElement? ParsedOf(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Cut(string text) => text.Length <= 500 ? text : $"{text.AsSpan(0, 500)}…";
}
