using MassTransit;
using MassTransit.Testing;

namespace Games.Outbox.Capture;

/// <summary>
/// Shows MassTransit's test harness the messages that go through the outbox, once they are committed. It watches the bus, where they pass as bytes.
/// </summary>
internal static class HarnessSight
{
    /// <summary>What to do when the message is committed; null without a harness.</summary>
    public static Action? Of<T>(ITestHarness? harness, SendContext<T> context)
        where T : class =>
        harness is null ? null : () =>
        {
            // The lists keep the first of each id, and that may be the relay's bytes by now.
            var messageId = context.MessageId;
            context.MessageId = NewId.NextGuid();
            if (context is PublishContext<T> published && IsPublished(harness.Bus, context))
                (harness.Published as PublishedMessageList)?.Add(published);
            else
                (harness.Sent as SentMessageList)?.Add(context);
            context.MessageId = messageId;
        };

    // The context of a send is a PublishContext too.
    private static bool IsPublished<T>(IBus bus, SendContext<T> context)
        where T : class =>
        bus.Topology.TryGetPublishAddress(typeof(T), out var address) && address.AbsolutePath == context.DestinationAddress?.AbsolutePath;
}
