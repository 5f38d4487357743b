using Games.Outbox;
using Games.Outbox.Relay;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.Outbox;

/// <summary>How often the broker is asked for a queue that is not there, and how often the log speaks of it, by a clock of the test's own.</summary>
public sealed class UnroutableDestinationsTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _clock = new(new(2030, 6, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly UnroutableDestinations _destinations;

    public UnroutableDestinationsTests() => _destinations = new(new() { UnroutableDelay = Soon, MaxRetryDelay = Late }, _clock);

    [Fact]
    public void However_many_are_returned_one_is_tried_soon_and_the_rest_wait_together()
    {
        var delays = PutOff(Rows("a", 1, 2, 3));

        Assert.InRange(delays[1], Soon / 2, Soon);
        Assert.InRange(delays[2], Late / 2, Late);
        Assert.Equal(delays[2], delays[3]);
    }

    [Fact]
    public void While_one_is_about_to_be_tried_others_that_are_returned_wait()
    {
        var pause = PutOff(Rows("a", 1))[1];
        _clock.Advance(pause - TimeSpan.FromMilliseconds(1));

        Assert.InRange(PutOff(Rows("a", 2))[2], Late / 2, Late);
    }

    [Fact]
    public void When_the_tried_one_is_returned_again_or_its_time_is_over_one_of_those_that_are_there_is_tried_next()
    {
        PutOff(Rows("a", 1));
        Assert.Single(PutOff(Rows("a", 7, 1)).Values, delay => delay >= Soon / 2 && delay <= Soon);

        _clock.Advance(Soon);

        Assert.InRange(PutOff(Rows("a", 9))[9], Soon / 2, Soon);
    }

    [Fact]
    public void Each_destination_has_one_that_is_tried()
    {
        var delays = PutOff([.. Rows("a", 1, 2), .. Rows("b", 3, 4)]);

        Assert.Equal([1L, 3L], delays.Where(x => x.Value <= Soon).Select(x => x.Key).Order());
    }

    [Fact]
    public void With_very_many_destinations_each_is_tried_less_often_but_no_less_often_than_every_message()
    {
        PutOff([.. Enumerable.Range(1, 1000).SelectMany(x => Rows($"response-{x}", x))]);

        // The pause of one for each hundred of them.
        Assert.InRange(PutOff(Rows("response-1000", 1000))[1000], Soon * 5, Soon * 10);
    }

    [Fact]
    public void A_destination_is_warned_of_once_a_minute_with_all_that_were_returned_since()
    {
        var first = Assert.Single(Warnings(Rows("a", 1, 2)));
        Assert.Equal((Address("a"), 2), (first.Address, first.Returned));
        Assert.InRange(first.Pause, Soon / 2, Soon);

        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(Warnings(Rows("a", 1)));
        Assert.Equal(Address("b"), Assert.Single(Warnings(Rows("b", 5))).Address);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(3, Assert.Single(Warnings(Rows("a", 1, 2))).Returned);
    }

    [Fact]
    public void When_one_arrives_all_that_wait_for_its_destination_follow_and_the_next_return_is_news()
    {
        PutOff([.. Rows("a", 1, 2), .. Rows("b", 3)]);

        Assert.Equal([Address("a")], _destinations.Found(Rows("a", 1, 2)));
        Assert.Empty(_destinations.Found(Rows("a", 2)));
        Assert.Empty(_destinations.Found(Rows("c", 9)));
        Assert.Single(Warnings(Rows("a", 2)));
    }

    [Fact]
    public void Those_that_another_process_put_off_follow_too()
    {
        Assert.Empty(_destinations.Found(Rows("a", 1)));
        Assert.Equal([Address("a")], _destinations.Found([Row("a", 1, wasReturned: true), Row("a", 2)]));
    }

    [Fact]
    public void What_nobody_asks_for_any_more_is_forgotten_and_what_is_tried_is_not()
    {
        PutOff([.. Rows("used once", 1), .. Rows("a", 2)]);
        _clock.Advance(Late);
        PutOff(Rows("a", 2));
        _clock.Advance(Late + TimeSpan.FromSeconds(1));
        PutOff(Rows("a", 2));

        Assert.Empty(_destinations.Found(Rows("used once", 1)));
        Assert.Equal([Address("a")], _destinations.Found(Rows("a", 2)));
    }

    [Fact]
    public void What_may_still_wait_for_its_next_try_is_not_forgotten()
    {
        PutOff([.. Rows("rare", 1), .. Rows("a", 2)]);
        _clock.Advance(Late * 1.9);
        PutOff(Rows("a", 2));

        Assert.Equal([Address("rare")], _destinations.Found(Rows("rare", 1)));
    }

    private Dictionary<long, TimeSpan> PutOff(OutboxMessage[] rows) =>
        _destinations.PutOff(rows).Waits.ToDictionary(x => x.Row.SequenceNumber, x => x.Delay);

    private List<UnroutableDestinations.Warning> Warnings(OutboxMessage[] rows) => _destinations.PutOff(rows).Warnings;

    private static OutboxMessage[] Rows(string queue, params long[] numbers) => [.. numbers.Select(x => Row(queue, x))];

    private static OutboxMessage Row(string queue, long number, bool wasReturned = false) => new()
    {
        SequenceNumber = number,
        DestinationAddress = new(Address(queue)),
        WasReturned = wasReturned,
    };

    private static string Address(string queue) => new Uri($"rabbitmq://localhost/{queue}").ToString();
}
