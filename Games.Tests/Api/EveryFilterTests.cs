using System.Net;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

/// <summary>Every list, page by page, against the plain filter of the same games in memory: queries made for their indexes are not plain.</summary>
public sealed class EveryFilterTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Games = 90;
    private const string Guild = "100000000000000001";
    private const string OtherGuild = "100000000000000002";
    private static readonly string[] Statuses = ["scheduled", "started", "finished", "cancelled"];

    [Fact]
    public async Task Every_filter_finds_its_games_once_in_their_order()
    {
        var (now, ct) = (DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        var games = await StoreAsync(now, ct);
        await using var host = new ApiHost(database.ConnectionString);
        using var api = host.CreateClient();

        foreach (var filter in Filters(now))
        {
            foreach (var order in new[] { "newest", "soonest" })
            {
                var expected = games.Where(filter.IsOf);
                expected = order == "newest"
                    ? expected.OrderByDescending(game => game.Id)
                    : expected.OrderBy(game => game.ScheduledAt).ThenBy(game => game.Id);

                Assert.Equal(
                    (filter.Query, string.Join(' ', expected.Select(game => game.Id))),
                    (filter.Query, string.Join(' ', await PagesAsync(api, $"order={order}{filter.Query}", ct))));
            }
        }
    }

    private static IEnumerable<(string Query, Func<Stored, bool> IsOf)> Filters(DateTimeOffset now) =>
        from guild in Choices("guildId", Guild, game => game.GuildId)
        from host in Choices("hostId", HostOf(1), game => game.HostId)
        from player in new (string, Func<Stored, bool>)[] { ("", _ => true), ($"&playerId={UserOf(2)}", game => game.Players.Contains(UserOf(2))) }
        from status in new (string, Func<Stored, bool>)[]
        {
            ("", _ => true),
            ("&status=started", game => game.Status == "started"),
            ("&status=cancelled&status=scheduled&status=cancelled", game => game.Status is "cancelled" or "scheduled"),
        }
        from time in new (DateTimeOffset? From, DateTimeOffset? To)[]
        {
            (null, null), (now, null), (null, now), (now.AddDays(-20), now.AddDays(-13)), (now.AddDays(-30), now.AddDays(-3)),
            (null, now.AddYears(-100)), (now.AddYears(100), null),
        }
        select (
            $"{guild.Item1}{host.Item1}{player.Item1}{status.Item1}{Text("from", time.From)}{Text("to", time.To)}",
            (Func<Stored, bool>)(game => guild.Item2(game) && host.Item2(game) && player.Item2(game) && status.Item2(game)
                && !(game.ScheduledAt < time.From) && !(game.ScheduledAt >= time.To)));

    private static IEnumerable<(string, Func<Stored, bool>)> Choices(string name, string value, Func<Stored, string> of) =>
        [("", _ => true), ($"&{name}={value}", game => of(game) == value)];

    private static string Text(string name, DateTimeOffset? time) =>
        time is { } known ? $"&{name}={Uri.EscapeDataString(known.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz"))}" : "";

    private static async Task<List<Guid>> PagesAsync(HttpClient api, string query, CancellationToken ct)
    {
        var (ids, cursor) = (new List<Guid>(), "");
        do
        {
            using var response = await api.GetAsync($"/games?limit=9&{query}{cursor}", ct);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var page = await response.BodyAsync();
            ids.AddRange(page["items"]!.AsArray().Select(game => (Guid)game!["id"]!));
            cursor = (string?)page["nextCursor"] is { } next ? $"&cursor={next}" : null;
        }
        while (cursor is not null);
        return ids;
    }

    /// <summary>One a day of late, some at the same time, created up to two weeks before they begin.</summary>
    private async Task<List<Stored>> StoreAsync(DateTimeOffset now, CancellationToken ct)
    {
        var random = new Random(1);
        var games = Enumerable.Range(0, Games).Select(number =>
        {
            var scheduled = Rounded(now.AddHours(12)).AddDays(number / 2 - 40);
            return new Stored(
                Guid.CreateVersion7(scheduled.AddHours(-1 - random.Next(300))),
                number % 3 == 0 ? OtherGuild : Guild,
                HostOf(random.Next(3)),
                Statuses[random.Next(Statuses.Length)],
                scheduled,
                [.. Enumerable.Range(0, 4).Where(_ => random.Next(2) == 0).Select(UserOf)]);
        }).ToList();

        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        foreach (var game in games)
        {
            await using var insert = source.CreateCommand($"""
                insert into games (id, guild_id, channel_id, host_id, title, scheduled_at, max_players, status, created_at, updated_at)
                values ('{game.Id}', '{game.GuildId}', '200000000000000001', '{game.HostId}', 'Raid', $1, 5, '{game.Status}', now(), now());
                """);
            insert.Parameters.Add(new() { Value = game.ScheduledAt.UtcDateTime });
            await insert.ExecuteNonQueryAsync(ct);
            foreach (var (place, player) in game.Players.Index())
            {
                await using var join = source.CreateCommand(
                    $"insert into players (game_id, user_id, number, joined_at) values ('{game.Id}', '{player}', {place + 1}, now())");
                await join.ExecuteNonQueryAsync(ct);
            }
        }
        return games;
    }

    // The database holds microseconds.
    private static DateTimeOffset Rounded(DateTimeOffset time) => new(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond, time.Offset);

    private static string HostOf(int number) => $"30000000000000000{number}";

    private static string UserOf(int number) => $"40000000000000000{number}";

    private sealed record Stored(Guid Id, string GuildId, string HostId, string Status, DateTimeOffset ScheduledAt, IReadOnlyList<string> Players);
}
