using Games.Bot.Delivery;
using Games.Data;
using Games.DiscordClient.Gateway;
using Microsoft.EntityFrameworkCore;

namespace Games.Bot.Gateway;

/// <summary>Sessions in the database, written by whoever holds the lease and by nobody who has lost it.</summary>
internal sealed class SessionStore(IServiceScopeFactory scopes) : ISessionStore
{
    /// <summary>Under which it is written; null: nothing is.</summary>
    public HeldLease? Lease { get; set; }

    public async Task<GatewaySession?> LoadAsync(int shard, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        return await db.GatewaySessions.AsNoTracking().SingleOrDefaultAsync(x => x.Shard == shard, ct) is { } stored
            ? new(stored.SessionId, stored.ResumeUrl, stored.Sequence, stored.Shards)
            : null;
    }

    public async Task SaveAsync(int shard, GatewaySession session, CancellationToken ct)
    {
        const string Save = """
            INSERT INTO gateway_sessions (shard, session_id, resume_url, sequence, shards, saved_at)
            SELECT $1, $2, $3, $4, $5, now() FROM leases WHERE name = $6 AND owner = $7 AND fence = $8
            ON CONFLICT (shard) DO UPDATE SET session_id = excluded.session_id, resume_url = excluded.resume_url, sequence = excluded.sequence,
                shards = excluded.shards, saved_at = excluded.saved_at
            """;
        if (Lease is not { } lease)
            return;

        await using var command = await ScopedCommand.OpenAsync(
            scopes, Save, ct, shard, session.Id, (object?)session.ResumeUrl ?? DBNull.Value, session.Sequence, session.Shards,
            lease.Name, lease.Owner, lease.Fence);
        command.Command.Parameters[2].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text;
        if (await command.Command.ExecuteNonQueryAsync(ct) == 0)
            throw new LeaseLostException(lease.Name);
    }
}
