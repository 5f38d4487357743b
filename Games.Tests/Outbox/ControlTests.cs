using System.Text;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inspection;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

public sealed class ControlTests(EmptyDatabase database) : OutboxRows(database)
{
    [Fact]
    public async Task A_dead_message_that_is_retried_starts_anew_and_its_last_error_stays_to_be_read()
    {
        var rows = await InsertDeadAsync(2);

        Assert.True(await Control.RetryAsync(rows[1], None));

        var retried = await SingleAsync(rows[1]);
        Assert.Equal((0, null, null, "hopeless"), (retried.Attempts, retried.NextAttempt, retried.Dead, retried.LastError));
        Assert.Equal([rows[1]], (await Store().ClaimAsync(10, None)).Select(x => x.SequenceNumber));
    }

    [Fact]
    public async Task What_cannot_be_retried_is_left_as_it_is()
    {
        var rows = await InsertOneOfEachAsync();

        Assert.False(await Control.RetryAsync(rows.Scheduled, None));
        Assert.False(await Control.RetryAsync(rows.Free, None));
        Assert.False(await Control.RetryAsync(rows.Leased, None));
        Assert.False(await Control.RetryAsync(long.MaxValue, None));
        Assert.NotNull((await SingleAsync(rows.Scheduled)).NextAttempt);
        Assert.True(await Control.RetryAsync(rows.Refused, None));
        Assert.True(await Control.RetryAsync(rows.Returned, None));
    }

    [Fact]
    public async Task All_dead_are_retried_in_more_than_one_statement_and_nothing_else_is_touched()
    {
        var rows = await InsertOneOfEachAsync();
        await InsertDeadAsync(1_500);

        Assert.Equal(1_502, await Control.RetryDeadAsync(None));

        var summary = await Inspection.SummariseAsync(None);
        Assert.Equal((0, 1), (summary.Dead.Rows, summary.Scheduled.Rows));
        Assert.Equal(3, (await SingleAsync(rows.Refused)).Attempts);
    }

    [Fact]
    public async Task A_message_is_discarded_whatever_it_waits_for_unless_a_living_relay_has_it()
    {
        var rows = await InsertOneOfEachAsync();

        Assert.False(await Control.DiscardAsync(rows.Leased, None));
        Assert.False(await Control.DiscardAsync(long.MaxValue, None));
        foreach (var row in new[] { rows.Free, rows.Forgotten, rows.Refused, rows.Dead, rows.Scheduled })
            Assert.True(await Control.DiscardAsync(row, None));

        Assert.Equal(
            [rows.Leased, rows.Overdue, rows.Returned, rows.AlsoDead],
            await QueryAsync(db => db.Set<OutboxMessage>().OrderBy(x => x.SequenceNumber).Select(x => x.SequenceNumber).ToListAsync()));
    }

    [Fact]
    public async Task While_paused_nothing_can_be_claimed_and_the_first_who_paused_is_named()
    {
        var rows = await InsertAsync(3);

        Assert.True(await Control.PauseAsync("anna", None));
        Assert.False(await Control.PauseAsync("ben", None));

        Assert.Empty(await Store().ClaimAsync(10, None));
        var pause = (await Inspection.SummariseAsync(None)).Paused!;
        Assert.Equal("anna", pause.By);
        Assert.Equal(await QueryAsync(db => db.Set<OutboxState>().Select(x => x.Created).SingleAsync()), pause.Since);

        Assert.True(await Control.ResumeAsync(None));
        Assert.False(await Control.ResumeAsync(None));

        Assert.Equal(rows, (await Store().ClaimAsync(10, None)).Select(x => x.SequenceNumber));
        Assert.Null((await Inspection.SummariseAsync(None)).Paused);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("0123456789abcdef", "0123456789abcdef")]
    [InlineData("0123456789abcdefg", "0123456789abcdef")]
    [InlineData("0123456789abcdeü", "0123456789abcde")]
    public void As_much_of_a_name_is_kept_as_has_room(string by, string kept) => Assert.Equal(kept, PauseRow.Read(PauseRow.Note(by)));
}
