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

    private readonly SemaphoreSlim _reading = new(1);
    private volatile Snapshot? _last;

    /// <summary>The key's row; null if there is none that is valid now.</summary>
    public async ValueTask<KnownKey?> FindAsync(string key, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        var hash = ApiKeyText.HashOf(key);

        var found = TryAnswer(_last, out var known) ? known : await ReadAndFindAsync();
        return found?.ExpiresAt <= time.GetUtcNow() ? null : found;

        bool TryAnswer(Snapshot? snapshot, out KnownKey? known)
        {
            known = snapshot?.Find(hash);
            return snapshot is not null
                && (known is null ? snapshot.ReadAt >= asked : time.GetElapsedTime(snapshot.ReadAt) < MaxAge);
        }

        async Task<KnownKey?> ReadAndFindAsync()
        {
            await _reading.WaitAsync(ct);
            try
            {
                if (TryAnswer(_last, out var known))
                    return known;

                if (_last is { } last && MinReadInterval - time.GetElapsedTime(last.ReadAt) is { Ticks: > 0 } pause)
                    await Task.Delay(pause, time, ct);

                return (_last = await ReadAsync(ct)).Find(hash);
            }
            finally
            {
                _reading.Release();
            }
        }
    }

    private async Task<Snapshot> ReadAsync(CancellationToken ct)
    {
        var readAt = time.GetTimestamp();
        await using var scope = scopes.CreateAsyncScope();
        var keys = await scope.ServiceProvider.GetRequiredService<GamesDbContext>().ApiKeys
            .Where(key => key.RevokedAt == null)
            .Select(key => new KnownKey(key.Id, key.Name, key.Hash, key.Scopes, key.Guilds, key.ExpiresAt, key.LastUsedAt))
            .ToListAsync(ct);

        return new(readAt, keys.ToDictionary(key => FirstHalf(key.Hash)));
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
