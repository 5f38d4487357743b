using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FastEndpoints;

/// <summary>Writes server-sent events.</summary>
internal static class EventStream
{
    public static async Task WriteAsync<T>(
        HttpResponse response,
        string eventName,
        IAsyncEnumerable<T> events,
        JsonSerializerOptions options,
        CancellationToken ct) where T : notnull
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers.Connection = "keep-alive";
        response.Headers["X-Accel-Buffering"] = "no";

        try
        {
            await response.Body.FlushAsync(ct);

            await using var enumerator = events.GetAsyncEnumerator(ct);
            var id = 1L;
            var next = enumerator.MoveNextAsync();
            while (await next)
            {
                var data = JsonSerializer.Serialize<object>(enumerator.Current, options);
                await response.WriteAsync($"id: {id++}\nevent: {eventName}\ndata: {data}\nretry: \n\n", ct);

                next = enumerator.MoveNextAsync();
                if (!next.IsCompleted)
                    await response.Body.FlushAsync(ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The listener left or the host stops: for a stream without an end, this is the end.
        }
    }
}
