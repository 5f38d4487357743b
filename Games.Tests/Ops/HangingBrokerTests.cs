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

    [Fact]
    public async Task Of_several_nodes_the_one_that_is_gone_is_named_and_another_is_asked()
    {
        await using var gone = CuttableLine.ToBroker(broker.ConnectionString, out var throughGone);
        gone.Freeze();
        var findings = new List<Finding>();

        var check = new BrokerCheck([new(throughGone), new(broker.ConnectionString)]);
        await foreach (var finding in check.ExamineAsync(TestContext.Current.CancellationToken))
            findings.Add(finding);

        Assert.StartsWith($"127.0.0.1:{gone.Port} does not answer", findings[0].Saw);
        Assert.Equal([("broker", FindingState.Wrong), ("broker", FindingState.Ok)], findings.Take(2).Select(x => (x.Subject, x.State)));
        Assert.Contains(findings, x => x.Subject == "exchanges");
    }
}
