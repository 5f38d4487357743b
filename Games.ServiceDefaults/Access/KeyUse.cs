using System.Collections.Concurrent;
using Games.Data;
using Games.Outbox.Outages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.ServiceDefaults.Access;

/// <summary>Writes down when a key was used, to the hour: one statement an hour, a key and a process.</summary>
internal sealed partial class KeyUse(IServiceScopeFactory scopes, DatabaseOutage outage, TimeProvider time, ILogger<KeyUse> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _nextWrites = new();

    public async ValueTask WriteAsync(KnownKey key)
    {
        var now = time.GetUtcNow();
        if (_nextWrites.TryGetValue(key.Id, out var next) && next > now)
            return;

        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        // Before the statement, so that the requests beside this one do not write as well.
        _nextWrites[key.Id] = hour.AddHours(1);
        if (key.LastUsedAt >= hour)
            return;

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            // Whoever ends his request early has used the key all the same.
            await scope.ServiceProvider.GetRequiredService<GamesDbContext>().ApiKeys
                .Where(row => row.Id == key.Id && (row.LastUsedAt == null || row.LastUsedAt < hour))
                .ExecuteUpdateAsync(row => row.SetProperty(x => x.LastUsedAt, hour), CancellationToken.None);
        }
        catch (Exception failure)
        {
            // No reason to refuse the request: one that needs the database says so itself.
            _nextWrites[key.Id] = now + RetryDelay;
            if (!outage.Met(failure))
                LogNotWritten(key.Name, failure.InWords());
        }
    }

    [LoggerMessage(LogLevel.Warning, "The last use of key {Key} could not be written: {Reason}")]
    private partial void LogNotWritten(string key, string reason);
}
