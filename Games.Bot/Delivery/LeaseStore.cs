namespace Games.Bot.Delivery;

/// <summary>A lease that this process holds.</summary>
internal sealed record HeldLease(string Name, Guid Owner, long Fence);

/// <summary>Another process holds the lease now: nothing more is to be done under it.</summary>
internal sealed class LeaseLostException(string name) : Exception($"The lease \"{name}\" is lost.");

/// <summary>Leases by the database's clock. All statements are short, and none holds a transaction open.</summary>
internal sealed class LeaseStore(IServiceScopeFactory scopes)
{
    /// <summary>After a death, the longest until another process takes over.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    public static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(1);

    /// <summary>Takes the lease if nobody holds it.</summary>
    public async Task<HeldLease?> TryTakeAsync(string name, Guid owner, CancellationToken ct)
    {
        const string Take = """
            INSERT INTO leases (name, owner, fence, expires_at) VALUES ($1, $2, 1, now() + $3)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = leases.fence + 1, expires_at = excluded.expires_at
                WHERE leases.expires_at <= now()
            RETURNING fence
            """;
        await using var command = await ScopedCommand.OpenAsync(scopes, Take, ct, name, owner, Duration);
        return await command.Command.ExecuteScalarAsync(ct) is long fence ? new(name, owner, fence) : null;
    }

    /// <summary>Which of the leases are still held, for another <see cref="Duration"/>.</summary>
    public async Task<HashSet<string>> RenewAsync(Guid owner, IReadOnlyCollection<HeldLease> leases, CancellationToken ct)
    {
        const string Renew = """
            UPDATE leases SET expires_at = now() + $2 FROM unnest($3, $4) AS held (name, fence)
            WHERE leases.name = held.name AND leases.fence = held.fence AND leases.owner = $1 AND leases.expires_at > now()
            RETURNING leases.name
            """;
        await using var command = await ScopedCommand.OpenAsync(
            scopes, Renew, ct, owner, Duration, leases.Select(x => x.Name).ToArray(), leases.Select(x => x.Fence).ToArray());
        await using var reader = await command.Command.ExecuteReaderAsync(ct);
        var names = new HashSet<string>();
        while (await reader.ReadAsync(ct))
            names.Add(reader.GetString(0));
        return names;
    }

    /// <summary>Lets another have it at once.</summary>
    public async Task ReleaseAsync(HeldLease lease, CancellationToken ct)
    {
        await using var command = await ScopedCommand.OpenAsync(
            scopes, "UPDATE leases SET expires_at = now() WHERE name = $1 AND owner = $2 AND fence = $3", ct, lease.Name, lease.Owner, lease.Fence);
        await command.Command.ExecuteNonQueryAsync(ct);
    }
}
