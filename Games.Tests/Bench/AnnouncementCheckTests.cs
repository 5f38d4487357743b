using System.Diagnostics;
using Games.Bench.Measuring;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bench;

public sealed class AnnouncementCheckTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>, IAsyncLifetime
{
    private readonly NpgsqlDataSource _games = NpgsqlDataSource.Create(database.ConnectionString);
    private Announcements _announcements = null!;

    public async ValueTask InitializeAsync()
    {
        // An implementation that has no unique game_id: the check must not rely on one.
        await ExecuteAsync("""
            drop table if exists games, announcements;
            create table games(id uuid primary key, created_at timestamptz not null);
            create table announcements(game_id uuid, created_at timestamptz not null);
            """);
        _announcements = new Announcements(_games);
    }

    [Fact]
    public async Task Games_that_are_each_announced_once_are_clean()
    {
        Guid[] accepted = [await StoredAsync(announced: 1), await StoredAsync(announced: 1)];

        Assert.True((await CheckAsync(accepted)).IsClean);
    }

    [Fact]
    public async Task A_game_without_an_announcement_is_named()
    {
        var (announced, forgotten) = (await StoredAsync(announced: 1), await StoredAsync(announced: 0));

        var verdict = await CheckAsync(announced, forgotten);

        Assert.Equal([forgotten], verdict.NotAnnounced);
        Assert.Equal([$"1 accepted, but not announced: {forgotten}"], verdict.Complaints);
    }

    [Fact]
    public async Task A_game_that_is_announced_twice_is_named()
    {
        var (once, twice) = (await StoredAsync(announced: 1), await StoredAsync(announced: 2));

        Assert.Equal([twice], (await CheckAsync(once, twice)).AnnouncedTwice);
    }

    [Fact]
    public async Task A_game_that_was_accepted_but_is_not_there_is_named()
    {
        var rolledBack = Guid.NewGuid();

        Assert.Equal([rolledBack], (await CheckAsync(await StoredAsync(announced: 1), rolledBack)).NotStored);
    }

    [Fact]
    public async Task An_id_that_two_posts_were_answered_with_is_named()
    {
        var game = await StoredAsync(announced: 1);

        var verdict = await CheckAsync(game, game);

        Assert.Equal([game], verdict.AnsweredTwice);
        Assert.Empty(verdict.AnnouncedTwice);
    }

    [Fact]
    public void No_more_than_ten_ids_are_listed()
    {
        var lost = Enumerable.Range(0, 12).Select(_ => Guid.NewGuid()).ToArray();

        var complaint = new Verdict(NotStored: [], NotAnnounced: lost, AnnouncedTwice: [], AnsweredTwice: []).Complaints.Single();

        Assert.StartsWith("12 accepted, but not announced: ", complaint);
        Assert.EndsWith($"{lost[9]} and 2 more", complaint);
        Assert.DoesNotContain($"{lost[10]}", complaint);
    }

    [Fact]
    public async Task Announcements_of_other_games_do_not_stand_in_for_a_missing_one()
    {
        var forgotten = await StoredAsync(announced: 0);
        await StoredAsync(announced: 1);

        var (verdict, _) = await _announcements.WaitForAsync(
            [forgotten], before: 0, TimeSpan.Zero, new FirstReport(), TestContext.Current.CancellationToken);

        Assert.Equal([forgotten], verdict.NotAnnounced);
    }

    [Fact]
    public async Task The_wait_ends_when_the_last_game_is_announced()
    {
        var late = await StoredAsync(announced: 0);
        var polled = new FirstReport();
        var started = Stopwatch.GetTimestamp();

        var waiting = _announcements.WaitForAsync([late], before: 0, TimeSpan.FromSeconds(60), polled, TestContext.Current.CancellationToken);
        await polled.First;
        Assert.False(waiting.IsCompleted);
        await AnnounceAsync(late, afterMilliseconds: 8);
        var (verdict, seen) = await waiting;

        Assert.True(verdict.IsClean);
        Assert.InRange(seen, started, Stopwatch.GetTimestamp());
    }

    [Fact]
    public async Task Latency_is_from_the_games_time_to_the_announcements()
    {
        var (fast, slow) = (await StoredAsync(announced: 0), await StoredAsync(announced: 0));
        await AnnounceAsync(fast, afterMilliseconds: 8);
        await AnnounceAsync(slow, afterMilliseconds: 16);
        await AnnounceAsync(await StoredAsync(announced: 0), afterMilliseconds: 900);

        var latency = await _announcements.LatencyAsync([fast, slow], TestContext.Current.CancellationToken);

        Assert.Equal(2, latency.Count);
        Assert.Equal(8, latency.P50!.Value, tolerance: 0.001);
        Assert.Equal(16, latency.Max!.Value, tolerance: 0.001);
    }

    public async ValueTask DisposeAsync() => await _games.DisposeAsync();

    private Task<Verdict> CheckAsync(params Guid[] accepted) => _announcements.CheckAsync(accepted, TestContext.Current.CancellationToken);

    private async Task<Guid> StoredAsync(int announced)
    {
        var game = Guid.NewGuid();
        await ExecuteAsync("insert into games values ($1, now())", game);
        for (var time = 0; time < announced; time++)
            await AnnounceAsync(game, afterMilliseconds: 1);
        return game;
    }

    private Task AnnounceAsync(Guid game, double afterMilliseconds) =>
        ExecuteAsync(
            "insert into announcements select id, created_at + $2 * interval '1 millisecond' from games where id = $1", game, afterMilliseconds);

    private async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = _games.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private sealed class FirstReport : IProgress<double>
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task First => _first.Task;

        public void Report(double value) => _first.TrySetResult();
    }
}
