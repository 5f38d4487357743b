using System.Security.Cryptography;
using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.ServiceDefaults.Access;

/// <summary>
/// The keys that are neither revoked nor expired, read anew every few seconds while requests come. A key that is not among them is refused
/// only by a look at the table that began after the request came: a new key works at once, and a flood of wrong ones costs some queries a second.
/// </summary>
internal sealed class KnownKeys(IServiceScopeFactory scopes, TimeProvider time)
{
    /// <summary>A revocation reaches every process within this time and that of a query.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan MinReadInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private Task<Snapshot>? _reading;
    private long? _lastReadAt;
    private volatile Snapshot? _last;

    /// <summary>The key's row; null if there is none that is valid now.</summary>
    public async ValueTask<KnownKey?> FindAsync(string key, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        var hash = ApiKeyText.HashOf(key);
        var snapshot = _last;

        // A read that was under way already may end without the answer; the next begins after the question.
        while (snapshot is null || !Answers(snapshot))
            snapshot = await ReadAsync().WaitAsync(ct);

        return snapshot.Find(hash) is { } known && !(known.ExpiresAt <= time.GetUtcNow()) ? known : null;

        bool Answers(Snapshot snapshot) =>
            snapshot.ReadAt >= asked || (snapshot.Find(hash) is not null && time.GetElapsedTime(snapshot.ReadAt) < MaxAge);
    }

    /// <summary>One read at a time, for all who wait for one, and its failure too: nobody waits for more than two. No caller can cancel it.</summary>
    private Task<Snapshot> ReadAsync()
    {
        lock (_lock)
            return _reading is { IsCompleted: false } underWay ? underWay : _reading = Task.Run(ReadSoonAsync);
    }

    private async Task<Snapshot> ReadSoonAsync()
    {
        if (_lastReadAt is { } last && MinReadInterval - time.GetElapsedTime(last) is { Ticks: > 0 } pause)
            await Task.Delay(pause, time);

        var readAt = time.GetTimestamp();
        _lastReadAt = readAt;
        var now = time.GetUtcNow();
        await using var scope = scopes.CreateAsyncScope();
        var keys = await scope.ServiceProvider.GetRequiredService<GamesDbContext>().ApiKeys
            .Where(key => key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now))
            .Select(key => new KnownKey(key.Id, key.Name, key.Hash, key.Scopes, key.Guilds, key.ExpiresAt, key.LastUsedAt))
            .ToListAsync();

        return _last = new(readAt, keys.ToDictionary(key => FirstHalf(key.Hash)));
    }

    private static Guid FirstHalf(byte[] hash) => new(hash.AsSpan(0, 16));

    private sealed record Snapshot(long ReadAt, Dictionary<Guid, KnownKey> Keys)
    {
        public KnownKey? Find(byte[] hash) =>
            Keys.TryGetValue(FirstHalf(hash), out var known) && CryptographicOperations.FixedTimeEquals(known.Hash, hash) ? known : null;
    }
}

internal sealed record KnownKey(
    Guid Id, string Name, byte[] Hash, string[] Scopes, string[] Guilds, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);
