using Games.Contracts;
using Games.Tests.Data;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>Who is told what, by which event.</summary>
public sealed class DirectMessageTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const string Host = NewGame.HostId;
    private const string Ada = "400000000000000001";
    private const string Bob = "400000000000000002";
    private const string Cleo = "400000000000000003";
    private const string Time = "<t:1925060400:F> (<t:1925060400:R>)";

    private readonly GameNight _night = new(database.ConnectionString);

    public ValueTask DisposeAsync() => _night.DisposeAsync();

    [Fact]
    public async Task Another_time_is_told_to_all_who_joined_and_no_other_change_is()
    {
        var id = await CreateAsync(seats: 1, Ada, Bob);
        var old = (await _night.GameAsync(id)).Details;

        var renamed = old with { Title = "Saturday raid" };
        await _night.PublishAsync([new GameUpdated(id, 4, "1", "2", ["title"], old, renamed, NewGame.Now, "x")]);
        Assert.Empty(await _night.ToldAsync(id));

        await _night.ChangeAsync(id, details => details with { ScheduledAt = details.ScheduledAt.AddSeconds(1) });
        await TellsAsync(
            id,
            (Ada, "**Friday raid** is at another time now: <t:1925060401:F> (<t:1925060401:R>)"),
            (Bob, "**Friday raid** is at another time now: <t:1925060401:F> (<t:1925060401:R>)"));
    }

    [Theory]
    [InlineData("the host is ill", "**Friday raid** is cancelled: the host is ill")]
    [InlineData("@everyone **x**", @"**Friday raid** is cancelled: \@everyone \*\*x\*\*")]
    [InlineData(null, "**Friday raid** is cancelled.")]
    public async Task A_cancellation_is_told_to_all_who_joined(string? reason, string text)
    {
        var id = await CreateAsync(seats: 1, Ada, Bob);

        await _night.DoAsync(games => games.CancelAsync(id, reason, "somebody", default));

        await TellsAsync(id, (Ada, text), (Bob, text));
    }

    [Fact]
    public async Task A_title_is_told_to_the_letter_and_ends_no_bold()
    {
        var id = await _night.CreateAsync(NewGame.With(title: "**x** [a](http://b) @here <@1>", maxPlayers: 5).Details);
        await _night.JoinAsync(id, Ada);
        const string Name = @"**\*\*x\*\* \[a\]\(http://b\) \@here \<\@1\>**";

        await _night.ChangeAsync(id, details => details with { ScheduledAt = details.ScheduledAt.AddSeconds(1) });
        await TellsAsync(id, (Ada, $"{Name} is at another time now: <t:1925060401:F> (<t:1925060401:R>)"));
        await _night.DoAsync(games => games.CancelAsync(id, null, "somebody", default));

        await Until.TrueAsync(
            async () => (await _night.ToldAsync(id)).Contains((Ada, $"{Name} is cancelled.")), "the cancellation is told to the letter");
    }

    [Fact]
    public async Task Whoever_moves_up_is_told_and_whoever_was_removed()
    {
        var id = await CreateAsync(seats: 1, Ada, Bob, Cleo);

        await _night.DoAsync(games => games.LeaveAsync(id, Ada, "the host", default));

        await TellsAsync(id, (Ada, "You are not on the list of **Friday raid** any more."), (Bob, $"You have a seat in **Friday raid** now: {Time}"));
    }

    [Fact]
    public async Task Whoever_leaves_by_himself_is_not_told()
    {
        var id = await CreateAsync(seats: 1, Ada);

        await _night.PublishAsync([new PlayerLeft(id, 3, NewGame.GuildId, Bob, false, NewGame.Now, By: Bob)]);

        Assert.Empty(await _night.ToldAsync(id));
    }

    [Fact]
    public async Task Whoever_loses_his_seat_is_told_where_he_waits()
    {
        var id = await CreateAsync(seats: 3, Ada, Bob, Cleo);

        await _night.ChangeAsync(id, details => details with { MaxPlayers = 1 });

        await TellsAsync(
            id,
            (Bob, "**Friday raid** has fewer seats than before. You are on its waiting list now, at place 1."),
            (Cleo, "**Friday raid** has fewer seats than before. You are on its waiting list now, at place 2."));
    }

    [Fact]
    public async Task A_reminder_is_told_to_the_host_and_who_plays_once_each_and_to_nobody_who_waits()
    {
        var id = await CreateAsync(seats: 2, Host, Ada, Bob);
        var game = await _night.GameAsync(id);

        await _night.SendAsync(Queues.RemindPlayers, new RemindPlayers(id, game.ScheduledAt, 60));

        await TellsAsync(id, (Host, $"**Friday raid** begins soon: {Time}"), (Ada, $"**Friday raid** begins soon: {Time}"));
    }

    [Theory]
    [InlineData("moved")]
    [InlineData("cancelled")]
    [InlineData("started")]
    [InlineData("over, and nobody has noticed")]
    [InlineData("without this reminder now")]
    public async Task A_reminder_that_does_not_fit_any_more_is_dropped(string since)
    {
        var id = await CreateAsync(seats: 2, Ada);
        var due = (await _night.GameAsync(id)).ScheduledAt;
        switch (since)
        {
            case "moved":
                await _night.ChangeAsync(id, details => details with { ScheduledAt = due.AddMinutes(5) });
                break;
            case "cancelled":
                await _night.DoAsync(games => games.CancelAsync(id, null, "x", default));
                break;
            case "started":
                await _night.DoAsync(games => games.StartAsync(new(id, due), default));
                break;
            case "without this reminder now":
                await _night.ChangeAsync(id, details => details with { Reminders = [59] });
                break;
            default:
                due = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
                await _night.ExecuteAsync("UPDATE games SET scheduled_at = '2026-01-01T00:00:00Z' WHERE id = $1", id);
                break;
        }

        await _night.SendAsync(Queues.RemindPlayers, new RemindPlayers(id, due, 60));

        await Until.TrueAsync(() => _night.Log.Any(x => x.Contains($"Dropped the reminder 60 minutes before game {id}")), "it is dropped");
        Assert.DoesNotContain(await _night.ToldAsync(id), x => x.Text.Contains("begins soon"));
    }

    [Fact]
    public async Task What_is_not_true_any_more_when_its_event_comes_is_not_told()
    {
        var id = await CreateAsync(seats: 1, Ada, Bob);
        var game = await _night.GameAsync(id);

        await _night.PublishAsync(
        [
            new PlayerPromoted(id, 3, NewGame.GuildId, Bob, NewGame.Now, "x"),
            new PlayerPromoted(id, 3, NewGame.GuildId, Cleo, NewGame.Now, "x"),
            new PlayerDemoted(id, 3, NewGame.GuildId, Ada, 1, NewGame.Now, "x"),
            new PlayerDemoted(id, 3, NewGame.GuildId, Cleo, 1, NewGame.Now, "x"),
            new PlayerLeft(id, 3, NewGame.GuildId, Ada, false, NewGame.Now, "x"),
            Reminder(game.ScheduledAt.AddMinutes(5)),
        ]);

        Assert.Empty(await _night.ToldAsync(id));

        GameReminderDue Reminder(DateTimeOffset scheduledAt) => new(
            id, 3, NewGame.GuildId, NewGame.ChannelId, Host, "Friday raid", scheduledAt, 60, NewGame.Now);
    }

    [Fact]
    public async Task Of_two_moves_the_last_is_told_and_nothing_of_seats_after_the_cancellation()
    {
        var id = await CreateAsync(seats: 1, Ada, Bob);
        var old = (await _night.GameAsync(id)).Details;
        await _night.ChangeAsync(id, details => details with { ScheduledAt = details.ScheduledAt.AddSeconds(1) });
        const string Moved = "**Friday raid** is at another time now: <t:1925060401:F> (<t:1925060401:R>)";
        await TellsAsync(id, (Ada, Moved), (Bob, Moved));

        var before = old with { ScheduledAt = old.ScheduledAt.AddSeconds(-1) };
        await _night.PublishAsync([new GameUpdated(id, 3, "1", "2", ["scheduledAt"], old, before, NewGame.Now, "x")]);
        Assert.Equal(2, (await _night.ToldAsync(id)).Length);

        await _night.DoAsync(games => games.CancelAsync(id, null, "somebody", default));
        await Until.TrueAsync(async () => (await _night.ToldAsync(id)).Length == 4, "both are told of the end");
        await _night.PublishAsync(
        [
            new PlayerPromoted(id, 4, NewGame.GuildId, Ada, NewGame.Now, "x"),
            new PlayerDemoted(id, 4, NewGame.GuildId, Bob, 1, NewGame.Now, "x"),
            new GameUpdated(id, 4, "1", "2", ["scheduledAt"], old, (await _night.GameAsync(id)).Details, NewGame.Now, "x"),
        ]);
        Assert.Equal(4, (await _night.ToldAsync(id)).Length);
    }

    private async Task<Guid> CreateAsync(int seats, params string[] users)
    {
        var id = await _night.CreateAsync(NewGame.With(maxPlayers: seats, reminders: [60]).Details);
        foreach (var user in users)
            await _night.JoinAsync(id, user);
        return id;
    }

    private async Task TellsAsync(Guid id, params (string User, string Text)[] expected)
    {
        await Until.TrueAsync(async () => (await _night.ToldAsync(id)).Length >= expected.Length, $"{expected.Length} are told");
        await _night.AnnouncedAsync(id);
        Assert.Equal(expected, await _night.ToldAsync(id));
    }
}
