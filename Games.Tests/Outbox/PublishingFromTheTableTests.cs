using Games.Tests.Messaging;
using Games.Tests.Servers;

namespace Games.Tests.Outbox;

/// <summary>Every publishing scenario again, with nothing handed over from memory: all rows are claimed from the table.</summary>
public sealed class PublishingFromTheTableTests(EmptyDatabase database, TestBroker broker) : PublishingTests(database, broker)
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Outbox:HandoffLimit"] = "0" };
}

/// <summary>And what the messages carry.</summary>
public sealed class HeadersFromTheTableTests(EmptyDatabase database, TestBroker broker) : HeadersTests(database, broker)
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Outbox:HandoffLimit"] = "0" };
}

/// <summary>And what the published package does otherwise.</summary>
public sealed class OwnPublishingFromTheTableTests(EmptyDatabase database, TestBroker broker) : OwnPublishingTests(database, broker)
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Outbox:HandoffLimit"] = "0" };
}
