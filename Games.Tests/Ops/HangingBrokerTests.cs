extern alias Ops;

using Games.Tests.Servers;
using Ops::Games.Ops.Doctor;

namespace Games.Tests.Ops;

public sealed class HangingBrokerTests(TestBroker broker) : IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_broker_that_hangs_after_the_handshake_is_a_finding()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        var findings = new List<Finding>();

        await foreach (var finding in new BrokerCheck([new Uri(through)]).ExamineAsync(TestContext.Current.CancellationToken))
        {
            findings.Add(finding);
            line.Freeze();
        }

        Assert.Equal([("broker", FindingState.Ok), ("exchanges, queues", FindingState.Wrong)], findings.Select(x => (x.Subject, x.State)));
    }

    [Fact]
    public async Task So_is_one_that_goes_away_meanwhile()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        var findings = new List<Finding>();

        await foreach (var finding in new BrokerCheck([new Uri(through)]).ExamineAsync(TestContext.Current.CancellationToken))
        {
            findings.Add(finding);
            line.Cut();
        }

        Assert.Equal([("broker", FindingState.Ok), ("exchanges, queues", FindingState.Wrong)], findings.Select(x => (x.Subject, x.State)));
    }
}
