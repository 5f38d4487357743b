using Games.Outbox;
using Games.Outbox.Relay;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.Outbox;

/// <summary>What a process knows of the rows that it leased: nothing is published twice while it is under way, and its memory is counted.</summary>
public sealed class LeasedRowsTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new(new(2030, 6, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LeasedRows _rows;

    public LeasedRowsTests() => _rows = new(_clock, Lease);

    [Fact]
    public void A_row_whose_lease_ran_out_under_its_publish_comes_back_and_is_not_published_again()
    {
        var first = Row(1);
        Assert.Equal([first], Claim(first));
        _clock.Advance(Lease + TimeSpan.FromTicks(1));
        Assert.False(_rows.IsOurs(first));
        var other = Row(2);

        Assert.Equal([other], Claim(Row(1), other));

        Assert.True(_rows.IsOurs(first));
        Assert.Equal((2, 20L), (_rows.Count, _rows.Size));
    }

    [Fact]
    public void Nor_are_those_behind_it_published_before_it()
    {
        Claim(Row(1, "a"));
        var (behind, otherKey, keyless) = (Row(2, "a"), Row(3, "b"), Row(4));

        var fresh = _rows.AddClaimed([Row(1, "a"), behind, otherKey, keyless], out var followers);

        Assert.Equal([otherKey, keyless], fresh);
        Assert.Equal([behind], followers);
    }

    [Fact]
    public void A_lease_ends_by_the_clock_of_this_process_to_the_tick()
    {
        var row = Row(1);
        Claim(row);

        _clock.Advance(Lease);
        Assert.True(_rows.IsOurs(row));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(_rows.IsOurs(row));
    }

    [Fact]
    public void What_has_aged_is_renewed_and_what_the_database_does_not_name_is_not()
    {
        var (old, lost) = (Row(1), Row(2));
        Claim(old, lost);
        _clock.Advance(Lease / 3);
        Assert.Empty(_rows.OlderThan(Lease / 3));
        var young = Row(3);
        Claim(young);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal([1L, 2L], _rows.OlderThan(Lease / 3).Order());

        _rows.Renewed([1, 99], _clock.GetTimestamp());
        _clock.Advance(Lease * 2 / 3);

        Assert.Equal((true, false, true), (_rows.IsOurs(old), _rows.IsOurs(lost), _rows.IsOurs(young)));
    }

    [Fact]
    public void The_memory_of_what_is_forgotten_is_free_again()
    {
        var (claimed, handedOver) = (Row(1), Row(2));
        Claim(claimed);
        _rows.Add([handedOver]);
        Assert.Equal((2, 20L), (_rows.Count, _rows.Size));

        _rows.Forget(claimed);
        _rows.Forget(claimed);
        _rows.Forget(handedOver);

        Assert.Equal((0, 0L), (_rows.Count, _rows.Size));
    }

    [Fact]
    public void A_row_claimed_before_its_commit_was_answered_is_counted_once_and_forgotten_by_its_newest()
    {
        var (claimed, handedOver) = (Row(1), Row(1));
        Claim(claimed);

        _rows.Add([handedOver]);
        _rows.Forget(claimed);
        Assert.Equal((1, 10L), (_rows.Count, _rows.Size));
        _rows.Forget(handedOver);

        Assert.Equal((0, 0L), (_rows.Count, _rows.Size));
    }

    private List<OutboxMessage> Claim(params OutboxMessage[] rows)
    {
        foreach (var row in rows)
            row.LeasedSince = _clock.GetTimestamp();
        return _rows.AddClaimed([.. rows], out _);
    }

    private OutboxMessage Row(long number, string? key = null) =>
        new() { SequenceNumber = number, OrderingKey = key, BodyBytes = new byte[10], LeasedSince = _clock.GetTimestamp() };
}
