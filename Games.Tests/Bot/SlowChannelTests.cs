using System.Globalization;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>A Discord of which a part is slow.</summary>
[Collection(nameof(Alone))]
public sealed class SlowChannelTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task While_one_channel_takes_10_s_for_each_answer_the_others_take_less_than_one()
    {
        await using var delivery = await DeliveryNight.StartAsync(
            database.ConnectionString, """{"kind":"latency","path":"/channels/219999999999999999/","milliseconds":10000}""");
        var channels = await delivery.AddChannelsAsync(30);
        await delivery.Discord.AddChannelAsync("219999999999999999");
        await delivery.DeliveredAsync((await delivery.CreateAsync(StandIn.Channel)).Id);
        for (var i = 0; i < 5; i++)
            await delivery.CreateAsync("219999999999999999");

        List<(Guid Id, string Channel)> games = [];
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var number = 0; number < 120; number++)
        {
            games.Add(await delivery.CreateAsync(channels[number % channels.Length]));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        List<double> milliseconds = [];
        foreach (var (id, channel) in games)
        {
            var message = await delivery.PostedOnceAsync(id, channel);
            var at = DateTimeOffset.Parse((string)message["timestamp"]!, CultureInfo.InvariantCulture);
            milliseconds.Add((at - (await delivery.Night.GameAsync(id)).CreatedAt).TotalMilliseconds);
        }

        milliseconds.Sort();
        Assert.InRange(milliseconds[(int)(milliseconds.Count * 0.99) - 1], 0, 1_000);
        Assert.InRange((await delivery.Discord.RequestsAsync("POST", "/channels/219999999999999999/")).Length, 0, 2);
    }
}
