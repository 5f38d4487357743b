using Games.Bench.Discord;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>Whether Discord shows each game once, as it is: by what the stand-in shows, and not by what the bots believe.</summary>
internal sealed class DiscordCheck(NpgsqlDataSource database, StandIn discord, int channels)
{
    /// <summary>Announcements that Discord is to be told of, and private messages to be sent.</summary>
    public Task<long> CountBehindAsync(CancellationToken ct) => database.ScalarAsync<long>(
        """
        select (select count(*) from announcements where delivered_version < version and failure is null)
            + (select count(*) from direct_messages where sent_at is null and failure is null)
        """,
        ct);

    public async Task<IReadOnlyList<Finding>> FindingsAsync(CancellationToken ct)
    {
        var messages = await discord.MessagesAsync(channels, ct);
        var games = await database.QueryAsync(
            """
            select id, array[case status when 'cancelled' then '~~' || title || '~~' else title end, location,
                'Players ' || least(people, max_players) || '/' || max_players], status = 'cancelled'
            from games
            """,
            row => (Id: row.GetGuid(0), Parts: row.GetFieldValue<string[]>(1), IsCancelled: row.GetBoolean(2)),
            ct);
        Finding[] all =
        [
            // What was cancelled before it was posted is not posted.
            Of(
                FindingKind.Lost,
                "in games, but not in Discord",
                games.Where(game => !game.IsCancelled && !messages[game.Id].Any()).Select(game => game.Id)),
            Of(FindingKind.Doubled, "in Discord more than once", games.Where(game => messages[game.Id].Count() > 1).Select(game => game.Id)),
            Of(
                FindingKind.Wrong,
                "in Discord, and not as it is",
                from game in games
                from message in messages[game.Id]
                where game.Parts.Except(message.Texts).Any()
                select game.Id),
        ];
        return [.. all.Where(finding => finding.Items.Count > 0)];
    }

    private static Finding Of(FindingKind kind, string what, IEnumerable<Guid> games) =>
        new(kind, what, [.. games.Distinct().Select(game => game.ToString())]);
}
