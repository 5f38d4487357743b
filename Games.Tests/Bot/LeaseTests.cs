using Games.Bot.Delivery;
using Games.Bot.Gateway;
using Games.Data;
using Games.DiscordClient.Gateway;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Bot;

/// <summary>Who may write, when two think that they may.</summary>
public sealed class LeaseTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly Guid _first = Guid.NewGuid();
    private readonly Guid _second = Guid.NewGuid();
    private readonly string _name = $"channel {Random.Shared.NextInt64(200_000_000_000_000_000, 900_000_000_000_000_000)}";
    private ServiceProvider _services = null!;
    private LeaseStore _leases = null!;

    private IServiceScopeFactory Scopes => _services.GetRequiredService<IServiceScopeFactory>();

    public ValueTask InitializeAsync()
    {
        _services = new ServiceCollection().AddDbContextPool<GamesDbContext>(x => x.UseNpgsql(database.ConnectionString)).BuildServiceProvider();
        _leases = new(Scopes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task One_holds_it_until_it_is_released_or_over_and_each_holder_has_a_higher_fence()
    {
        var held = await _leases.TryTakeAsync(_name, _first, default);
        Assert.Null(await _leases.TryTakeAsync(_name, _second, default));
        Assert.Equal([_name], await _leases.RenewAsync(_first, [held!], default));

        await _leases.ReleaseAsync(held!, default);
        var next = await _leases.TryTakeAsync(_name, _second, default);

        Assert.True(next!.Fence > held!.Fence);
        Assert.Empty(await _leases.RenewAsync(_first, [held], default));
        await _leases.ReleaseAsync(held, default);
        Assert.Null(await _leases.TryTakeAsync(_name, _first, default));
    }

    [Fact]
    public async Task What_is_written_under_a_lease_that_another_has_changes_nothing()
    {
        var game = await WantAnnouncementAsync();

        var store = new DeliveryStore(Scopes);
        var old = Assert.Single(await store.ClaimAsync(_first, [], 100, default), x => x.Name == _name);
        await _leases.ReleaseAsync(old, default);
        var present = Assert.Single(await store.ClaimAsync(_second, [], 100, default), x => x.Name == _name);

        await Assert.ThrowsAsync<LeaseLostException>(() => store.PostedAsync(old, game.Id, "500000000000000001", 1, default));
        await store.PostedAsync(present, game.Id, "500000000000000002", 1, default);

        await using var after = Scopes.CreateAsyncScope();
        var announcement = await after.ServiceProvider.GetRequiredService<GamesDbContext>().Announcements.SingleAsync(x => x.GameId == game.Id);
        Assert.Equal(("500000000000000002", 1), (announcement.MessageId, announcement.DeliveredVersion));
        Assert.Null(await store.NextAnnouncementAsync(game.ChannelId, default));
    }

    [Fact]
    public async Task A_look_for_what_is_due_does_not_read_all_that_waits_in_a_channel()
    {
        const int Waiting = 5_000;
        var game = await WantAnnouncementAsync();
        await ExecuteAsync(
            $"""
            INSERT INTO games (id, guild_id, channel_id, host_id, title, scheduled_at, max_players, status, created_at, updated_at)
            SELECT gen_random_uuid(), guild_id, channel_id, host_id, title, scheduled_at, max_players, status, created_at, updated_at
            FROM games, generate_series(1, {Waiting}) WHERE id = '{game.Id}';
            INSERT INTO announcements (game_id, channel_id, text, created_at) SELECT id, channel_id, title, now() FROM games
            WHERE channel_id = '{game.ChannelId}' ON CONFLICT DO NOTHING;
            ANALYZE announcements
            """);
        var before = await ReadRowsAsync();

        Assert.Contains(_name, (await new DeliveryStore(Scopes).ClaimAsync(_first, [], 100, default)).Select(x => x.Name));

        var read = 0L;
        await Until.TrueAsync(async () => (read = await ReadRowsAsync() - before) > 0, "PostgreSQL has counted what was read");
        Assert.InRange(read, 1, 100);
        await ExecuteAsync($"DELETE FROM games WHERE channel_id = '{game.ChannelId}'");
    }

    [Fact]
    public async Task A_refusal_is_not_that_of_what_was_wanted_since()
    {
        var game = await WantAnnouncementAsync();

        var store = new DeliveryStore(Scopes);
        var lease = Assert.Single(await store.ClaimAsync(_first, [], 100, default), x => x.Name == _name);
        var due = await store.NextAnnouncementAsync(game.ChannelId, default);
        await using (var scope = Scopes.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<GamesDbContext>().Announcements.Where(x => x.GameId == game.Id)
                .ExecuteUpdateAsync(x => x.SetProperty(a => a.Version, 2));
        }

        await store.GiveUpAsync(lease, due!, "no", default);
        var next = await store.NextAnnouncementAsync(game.ChannelId, default);
        Assert.Equal(2, next!.Version);
        await store.GiveUpAsync(lease, next, "no", default);

        Assert.Null(await store.NextAnnouncementAsync(game.ChannelId, default));
    }

    [Fact]
    public async Task A_session_is_saved_by_whoever_holds_the_lease()
    {
        var shard = Random.Shared.Next();
        var held = await _leases.TryTakeAsync(_name, _first, default);
        var sessions = new SessionStore(Scopes) { Lease = held };
        await sessions.SaveAsync(shard, new("s", null, 1, 1), default);
        await sessions.SaveAsync(shard, new("s", "wss://resume", 2, 1), default);
        Assert.Equal(new GatewaySession("s", "wss://resume", 2, 1), await sessions.LoadAsync(shard, default));

        await _leases.ReleaseAsync(held!, default);
        await _leases.TryTakeAsync(_name, _second, default);

        await Assert.ThrowsAsync<LeaseLostException>(() => sessions.SaveAsync(shard, new("s", null, 3, 1), default));
        Assert.Equal(2, (await sessions.LoadAsync(shard, default))!.Sequence);
    }

    /// <summary>Rows of announcements that were read so far, by index or not.</summary>
    private async Task<long> ReadRowsAsync()
    {
        await using var scope = Scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<GamesDbContext>().Database.SqlQuery<long>($"""
            SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS "Value" FROM pg_stat_user_tables WHERE relname = 'announcements'
            """).SingleAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var scope = Scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<GamesDbContext>().Database.ExecuteSqlRawAsync(sql);
    }

    /// <summary>Of a game in the channel of the lease.</summary>
    private async Task<Game> WantAnnouncementAsync()
    {
        var game = NewGame.With(channelId: _name["channel ".Length..]);
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        db.AddRange(game, Announcement.For(game, "text", NewGame.Now));
        await db.SaveChangesAsync();
        return game;
    }
}
