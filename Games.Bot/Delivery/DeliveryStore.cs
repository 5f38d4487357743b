using Games.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Bot.Delivery;

/// <summary>An announcement that Discord does not have as it is wanted.</summary>
/// <param name="Version">That is wanted.</param>
/// <param name="PostAge">Since when its outcome has been unknown; null if nothing is on its way.</param>
/// <param name="CalendarSecret">Opens the game's calendar file.</param>
/// <param name="GuildId">Of the game: its channel must be of this one.</param>
/// <param name="TraceParent">Of whoever wanted it; null if that was not traced.</param>
internal sealed record DueAnnouncement(
    Guid GameId, string ChannelId, string? MessageId, int Version, int Reposts, int Attempts, TimeSpan? PostAge, string CalendarSecret,
    string GuildId, string? TraceParent);

/// <inheritdoc cref="DueAnnouncement"/>
/// <param name="Age">Since it was wanted.</param>
internal sealed record DueDirectMessage(Guid Id, string UserId, string? ChannelId, string Text, int Attempts, TimeSpan? PostAge, TimeSpan Age,
    string? TraceParent);

/// <summary>
/// What is to be delivered, and what became of it. Each write names the lease under which it is done, and does nothing once another has it.
/// </summary>
internal sealed class DeliveryStore(IServiceScopeFactory scopes)
{
    public const string AnnouncementsWait = "delivered_version < version AND failure IS NULL";

    private const string Channel = "channel ";
    private const string User = "user ";

    private const string DirectMessagesWait = "sent_at IS NULL AND failure IS NULL";
    private const string IsDue = "(next_attempt_at IS NULL OR next_attempt_at <= now())";

    private static readonly string Claim = $"""
        WITH RECURSIVE {EachOf("channels", "announcements", "channel_id", AnnouncementsWait)},
        {EachOf("users", "direct_messages", "user_id", DirectMessagesWait)}, due AS (
            SELECT '{Channel}' || one AS name FROM channels
            WHERE EXISTS (SELECT FROM announcements WHERE channel_id = one AND {AnnouncementsWait} AND {IsDue})
            UNION ALL
            SELECT '{User}' || one FROM users WHERE EXISTS (SELECT FROM direct_messages WHERE user_id = one AND {DirectMessagesWait} AND {IsDue})
        ), free AS (
            SELECT name FROM due WHERE NOT (name = ANY ($3))
                AND NOT EXISTS (SELECT FROM leases WHERE leases.name = due.name AND leases.expires_at > now())
            LIMIT $4
        )
        INSERT INTO leases (name, owner, fence, expires_at) SELECT name, $1, 1, now() + $2 FROM free ORDER BY name
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = leases.fence + 1, expires_at = excluded.expires_at
            WHERE leases.expires_at <= now()
        RETURNING name, fence
        """;

    /// <summary>Takes up to so many leases of channels and users for whom something is due and whom nobody serves.</summary>
    public async Task<List<HeldLease>> ClaimAsync(Guid owner, string[] own, int limit, CancellationToken ct)
    {
        await using var command = await ScopedCommand.OpenAsync(scopes, Claim, ct, owner, LeaseStore.Duration, own, limit);
        await using var reader = await command.Command.ExecuteReaderAsync(ct);
        var claimed = new List<HeldLease>();
        while (await reader.ReadAsync(ct))
            claimed.Add(new(reader.GetString(0), owner, reader.GetInt64(1)));
        return claimed;
    }

    /// <summary>The channel of a lease; null if it is a user's.</summary>
    public static string? ChannelOf(HeldLease lease) =>
        lease.Name.StartsWith(Channel, StringComparison.Ordinal) ? lease.Name[Channel.Length..] : null;

    public static string UserOf(HeldLease lease) => lease.Name[User.Length..];

    /// <summary>
    /// Each value of an indexed column once, from one to the next in the index: DISTINCT would read all that waits, at each look, and in one channel
    /// 100,000 may wait. The last is null.
    /// </summary>
    private static string EachOf(string name, string table, string column, string condition) => $"""
        {name} AS (
            (SELECT {column} AS one FROM {table} WHERE {condition} ORDER BY {column} LIMIT 1)
            UNION ALL
            SELECT (SELECT {column} FROM {table} WHERE {condition} AND {column} > one ORDER BY {column} LIMIT 1) FROM {name} WHERE one IS NOT NULL
        )
        """;

    /// <summary>The one that has waited longest.</summary>
    public Task<DueAnnouncement?> NextAnnouncementAsync(string channelId, CancellationToken ct) => ReadAsync(
        $"""
        SELECT game_id, message_id, version, reposts, attempts, now() - post_started_at, calendar_secret,
            (SELECT guild_id FROM games WHERE id = game_id), trace_parent
        FROM announcements
        WHERE channel_id = $1 AND {AnnouncementsWait} AND {IsDue} ORDER BY changed_at, game_id LIMIT 1
        """,
        reader => new DueAnnouncement(
            reader.GetGuid(0), channelId, TextAt(reader, 1),
            reader.GetInt32(2), reader.GetInt32(3), reader.GetInt32(4), TimeAt(reader, 5),
            reader.GetString(6), reader.GetString(7), TextAt(reader, 8)),
        ct, channelId);

    public Task<DueDirectMessage?> NextDirectMessageAsync(string userId, CancellationToken ct) => ReadAsync(
        $"""
        SELECT id, text, attempts, now() - post_started_at, now() - created_at, channel_id, trace_parent
        FROM direct_messages LEFT JOIN direct_message_channels USING (user_id)
        WHERE user_id = $1 AND {DirectMessagesWait} AND {IsDue} ORDER BY id LIMIT 1
        """,
        reader => new DueDirectMessage(
            reader.GetGuid(0), userId, TextAt(reader, 5), reader.GetString(1), reader.GetInt32(2), TimeAt(reader, 3), TimeAt(reader, 4)!.Value,
            TextAt(reader, 6)),
        ct, userId);

    /// <summary>The game as it is now, with who plays and waits; null if it is gone.</summary>
    public async Task<(Game Game, IReadOnlyList<Player> People)?> FindGameAsync(Guid id, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        if (await db.Games.AsNoTracking().SingleOrDefaultAsync(game => game.Id == id, ct) is not { } game)
            return null;

        var people = await db.PlayersOfAsync([game], ct);
        return (game, [.. people[id]]);
    }

    /// <summary>It is about to be sent for the first time, or again after its outcome was found out.</summary>
    public Task BeginPostAsync(HeldLease lease, Guid gameId, bool isAnew, CancellationToken ct) => WriteAsync(
        lease, "announcements", "post_started_at = CASE WHEN $5 THEN now() ELSE coalesce(post_started_at, now()) END", "game_id", gameId, ct, isAnew);

    public Task PostedAsync(HeldLease lease, Guid gameId, string messageId, int version, CancellationToken ct) => WriteAsync(
        lease, "announcements",
        "message_id = $5, delivered_version = $6, post_started_at = NULL, attempts = 0, next_attempt_at = NULL", "game_id", gameId, ct,
        messageId, version);

    /// <summary>Its next edit is not before the pause is over: what changes meanwhile is one.</summary>
    public Task EditedAsync(HeldLease lease, Guid gameId, int version, TimeSpan pause, CancellationToken ct) => WriteAsync(
        lease, "announcements", "delivered_version = $5, attempts = 0, next_attempt_at = now() + $6", "game_id", gameId, ct, version, pause);

    /// <summary>There is nothing to say of it: its game was closed before anything was posted.</summary>
    public Task NothingToPostAsync(HeldLease lease, Guid gameId, CancellationToken ct) =>
        WriteAsync(lease, "announcements", "delivered_version = version, post_started_at = NULL", "game_id", gameId, ct);

    /// <summary>Its message is gone from Discord: another is to be posted.</summary>
    public Task PostAnewAsync(HeldLease lease, Guid gameId, CancellationToken ct) => WriteAsync(
        lease, "announcements",
        "message_id = NULL, delivered_version = 0, post_started_at = NULL, reposts = reposts + 1, next_attempt_at = NULL", "game_id", gameId, ct);

    public Task PostponeAsync(HeldLease lease, DueAnnouncement due, TimeSpan wait, bool isFailure, CancellationToken ct) => WriteAsync(
        lease, "announcements", "attempts = attempts + $5, next_attempt_at = now() + $6", "game_id", due.GameId, ct, isFailure ? 1 : 0, wait);

    /// <summary>What has been wanted since was not refused, and is tried.</summary>
    public Task GiveUpAsync(HeldLease lease, DueAnnouncement due, string reason, CancellationToken ct) => WriteAsync(
        lease, "announcements", "failure = CASE WHEN version = $6 THEN $5 END, post_started_at = NULL", "game_id", due.GameId, ct,
        Cut(reason), due.Version);

    public async Task RememberChannelAsync(string userId, string channelId, CancellationToken ct)
    {
        await using var command = await ScopedCommand.OpenAsync(
            scopes,
            "INSERT INTO direct_message_channels (user_id, channel_id) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET channel_id = $2",
            ct, userId, channelId);
        await command.Command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Another is opened for the next message.</summary>
    public async Task ForgetChannelAsync(string userId, CancellationToken ct)
    {
        await using var command = await ScopedCommand.OpenAsync(scopes, "DELETE FROM direct_message_channels WHERE user_id = $1", ct, userId);
        await command.Command.ExecuteNonQueryAsync(ct);
    }

    public Task BeginDirectMessageAsync(HeldLease lease, Guid id, bool isAnew, CancellationToken ct) => WriteAsync(
        lease, "direct_messages", "post_started_at = CASE WHEN $5 THEN now() ELSE coalesce(post_started_at, now()) END", "id", id, ct, isAnew);

    public Task SentAsync(HeldLease lease, Guid id, CancellationToken ct) =>
        WriteAsync(lease, "direct_messages", "sent_at = now(), post_started_at = NULL, next_attempt_at = NULL", "id", id, ct);

    public Task PostponeAsync(HeldLease lease, DueDirectMessage due, TimeSpan wait, bool isFailure, CancellationToken ct) => WriteAsync(
        lease, "direct_messages", "attempts = attempts + $5, next_attempt_at = now() + $6", "id", due.Id, ct, isFailure ? 1 : 0, wait);

    public Task GiveUpAsync(HeldLease lease, DueDirectMessage due, string reason, CancellationToken ct) =>
        WriteAsync(lease, "direct_messages", "failure = $5, post_started_at = NULL", "id", due.Id, ct, Cut(reason));

    private async Task WriteAsync(
        HeldLease lease, string table, string values, string key, Guid id, CancellationToken ct, params object[] parameters)
    {
        await using var command = await ScopedCommand.OpenAsync(
            scopes,
            $"UPDATE {table} SET {values} WHERE {key} = $1 AND EXISTS (SELECT FROM leases WHERE name = $2 AND owner = $3 AND fence = $4)",
            ct, [id, lease.Name, lease.Owner, lease.Fence, .. parameters]);
        if (await command.Command.ExecuteNonQueryAsync(ct) == 0)
            throw new LeaseLostException(lease.Name);
    }

    private async Task<T?> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct, params object[] parameters)
        where T : class
    {
        await using var command = await ScopedCommand.OpenAsync(scopes, sql, ct, parameters);
        await using var reader = await command.Command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? read(reader) : null;
    }

    private static string? TextAt(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static TimeSpan? TimeAt(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetTimeSpan(column);

    private static string Cut(string text) =>
        text.Length <= Announcement.FailureMaxLength ? text : $"{text.AsSpan(0, Announcement.FailureMaxLength - 1)}…";
}
