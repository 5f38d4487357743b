extern alias Bot;

using Bot::Games.Bot.Ingestion;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.Bot;

public sealed class LastHourTests
{
    private readonly FakeTimeProvider _clock = new(new(2030, 6, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Percentiles_are_at_most_a_tenth_too_high_and_the_maximum_is_exact()
    {
        var hour = new LastHour(_clock);
        for (var i = 1; i <= 1000; i++)
            hour.Add(i / 100.0);

        var (count, p50, p90, max) = hour.Read();

        Assert.Equal((1000, 10.0), (count, max));
        Assert.InRange(p50!.Value, 5.0, 5.5);
        Assert.InRange(p90!.Value, 9.0, 9.9);
    }

    [Fact]
    public void What_is_older_than_an_hour_is_forgotten()
    {
        var hour = new LastHour(_clock);
        hour.Add(7);
        _clock.Advance(TimeSpan.FromMinutes(30));
        hour.Add(2);
        Assert.Equal((2, 7.0), (hour.Read().Count, hour.Read().Max));

        _clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal((1, 2.0), (hour.Read().Count, hour.Read().Max));

        _clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal((0, null, null, null), hour.Read());
    }
}
