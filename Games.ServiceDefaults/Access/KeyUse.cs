using System.Collections.Concurrent;
using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.ServiceDefaults.Access;

/// <summary>Writes down when a key was used, to the hour: one statement an hour, a key and a process.</summary>
internal sealed partial class KeyUse(IServiceScopeFactory scopes, TimeProvider time, ILogger<KeyUse> logger)
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _written = new();

    public async ValueTask WriteAsync(KnownKey key, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        if (_written.TryGetValue(key.Id, out var written) && written >= hour)
            return;

        // Before the statement: a database that refuses it is not asked by every request.
        _written[key.Id] = hour;
        if (key.LastUsedAt >= hour)
            return;

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<GamesDbContext>().ApiKeys
                .Where(row => row.Id == key.Id && (row.LastUsedAt == null || row.LastUsedAt < hour))
                .ExecuteUpdateAsync(row => row.SetProperty(x => x.LastUsedAt, hour), ct);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // No reason to refuse the request: one that needs the database says so itself.
            LogNotWritten(key.Name, failure.GetBaseException().Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The last use of key {Key} could not be written: {Reason}")]
    private partial void LogNotWritten(string key, string reason);
}
