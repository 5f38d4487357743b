using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace FastEndpoints;

/// <summary>Counts the hits of each client on an endpoint; a client is a header's value, or its address.</summary>
internal sealed class HitCounter(int limit, TimeSpan duration, string? headerName)
{
    private readonly ConcurrentDictionary<string, Window> _windows = [];
    private long _sweepAt;

    /// <summary>Set once, before the first hit.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    public bool Refuses(HttpContext context, out int statusCode, [NotNullWhen(true)] out string? reason)
    {
        var client = context.Request.Headers.TryGetValue(headerName ?? "X-Forwarded-For", out var values)
            ? values.ToString()
            : context.Connection.RemoteIpAddress?.ToString();

        (statusCode, reason) = client switch
        {
            null => (403, "Forbidden by rate limiting middleware!"),
            _ when !Admits(client) => (429, "You are requesting this endpoint too frequently!"),
            _ => (200, null)
        };
        return reason is not null;
    }

    private bool Admits(string client)
    {
        var now = Time.GetUtcNow().Ticks;
        Sweep(now);
        return _windows.GetOrAdd(client, _ => new()).Admits(now, now + duration.Ticks, limit);
    }

    // Any header value makes a window, so a caller could fill the memory with them.
    private void Sweep(long now)
    {
        var due = Volatile.Read(ref _sweepAt);
        if (now < due || Interlocked.CompareExchange(ref _sweepAt, now + duration.Ticks, due) != due)
            return;

        foreach (var (client, window) in _windows)
        {
            if (window.EndedBefore(now))
                _windows.TryRemove(client, out _);
        }
    }

    private sealed class Window
    {
        private readonly Lock _lock = new();
        private long _endsAt;
        private int _hits;

        public bool Admits(long now, long endOfANewOne, int limit)
        {
            lock (_lock)
            {
                if (now > _endsAt)
                    (_endsAt, _hits) = (endOfANewOne, 0);

                return _hits < limit && ++_hits > 0;
            }
        }

        public bool EndedBefore(long now)
        {
            lock (_lock)
                return now > _endsAt;
        }
    }
}
