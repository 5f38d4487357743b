using System.Globalization;
using System.Runtime.CompilerServices;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>
/// Whether the bots reach Discord, whether it has what it is to say, and what it has refused for good. The console knows no token: bots that have
/// one say what they meet. Waiting alone is not wrong: there may be no bot with a token on purpose, or more to say than Discord takes at once.
/// </summary>
internal sealed class DeliveryCheck(GamesDbContext db, TimeProvider clock) : ICheck
{
    private const int Named = 3;
    private const string NothingWaits = "none has waited for Discord for more than a minute";

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    /// <summary>Of a game that is closed nobody mends an announcement for longer.</summary>
    private static readonly TimeSpan ClosedMatters = TimeSpan.FromDays(7);

    public string Subject => "announcements";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var bots = await db.Leases.FromSql($"SELECT * FROM leases WHERE starts_with(name, {Lease.BotPrefix}) AND expires_at > now()").ToListAsync(ct);
        if (bots.Find(bot => bot.Problem is not null) is { Problem: { } problem })
            yield return Finding.Wrong("discord", $"a bot does not reach Discord: {problem}", "mend it; docs/discord.md has what it may mean");
        else if (bots is [] && await IsReadOnlyAsync(ct))
            yield return new("discord", FindingState.Unknown, "not known, because bots say it in the database, which takes nothing");
        else
            yield return Finding.Ok("discord", bots is [] ? "no bot with a token says that it runs" : $"{Count(bots.Count)} with a token, connected");
        yield return await RefusedAnnouncementsAsync(now - ClosedMatters, ct)
            ?? await WaitingAnnouncementsAsync(now, isDelivered: bots is not [], ct);
        yield return await DirectMessagesAsync(now, ct);
    }

    private Task<bool> IsReadOnlyAsync(CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"""SELECT current_setting('transaction_read_only')::bool AS "Value" """).SingleAsync(ct);

    private async Task<Finding?> RefusedAnnouncementsAsync(DateTimeOffset since, CancellationToken ct)
    {
        // A game that is over and was never posted needs no announcement any more.
        var refused = db.Announcements.Where(x => x.Failure != null && (x.IsOpen || x.MessageId != null && x.ChangedAt > since));
        if (await refused.CountAsync(ct) is not (> 0 and var count))
            return null;

        var newest = await refused.OrderByDescending(x => x.ChangedAt).Take(Named)
            .Select(x => $"game {x.GameId} in channel {x.ChannelId}: {x.Failure}").ToListAsync(ct);
        return Finding.Wrong(
            Subject, $"Discord has refused {Count(count)}. {Newest(newest, count)}",
            "of a channel that refuses: give the bot View Channel, Send Messages, Embed Links and Read Message History there, then: ./games "
            + "announcements retry --all; of a channel that is gone, or another server's: cancel the game (docs/discord.md)");
    }

    private async Task<Finding> WaitingAnnouncementsAsync(DateTimeOffset now, bool isDelivered, CancellationToken ct)
    {
        var waiting = db.Announcements.Where(x => x.DeliveredVersion < x.Version && x.Failure == null && x.ChangedAt < now - Soon);
        if (await waiting.CountAsync(ct) is not (> 0 and var count))
            return Finding.Ok(Subject, NothingWaits);

        var oldest = now - await waiting.MinAsync(x => x.ChangedAt, ct);
        var how = isDelivered ? "" : ": a bot with a token delivers them";
        return Finding.Ok(Subject, $"{Count(count)} not in Discord yet, the oldest for {Age(oldest)}{how}");
    }

    /// <summary>Who takes no messages is no fault of ours; what is said too late is dropped.</summary>
    private async Task<Finding> DirectMessagesAsync(DateTimeOffset now, CancellationToken ct)
    {
        const string Messages = "direct messages";
        var refused = db.DirectMessages.Where(x => x.Failure != null && x.CreatedAt > now - ClosedMatters);
        if (await refused.CountAsync(ct) is > 0 and var count)
        {
            var newest = await refused.OrderByDescending(x => x.CreatedAt).Take(Named)
                .Select(x => $"to user {x.UserId} of game {x.GameId}: {x.Failure}").ToListAsync(ct);
            return Finding.Ok(Messages, $"{Count(count)} of the last 7 days will not be sent. {Newest(newest, count)}");
        }

        var waiting = db.DirectMessages.Where(x => x.SentAt == null && x.Failure == null && x.CreatedAt < now - Soon);
        if (await waiting.CountAsync(ct) is not (> 0 and var left))
            return Finding.Ok(Messages, NothingWaits);

        var oldest = now - await waiting.MinAsync(x => x.CreatedAt, ct);
        return Finding.Ok(Messages, $"{Count(left)} not sent yet, the oldest for {Age(oldest)}");
    }

    private static string Newest(IReadOnlyCollection<string> newest, int count) =>
        $"{(count > newest.Count ? $"The newest {newest.Count}: " : "")}{string.Join("; ", newest)}";

    private static string Count(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Age(TimeSpan age) => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:F0} min");
}
