using Games.Outbox.Capture;

namespace MassTransit;

/// <summary>Keeps single messages in order.</summary>
public static class OrderingKeyExtensions
{
    /// <summary>
    /// Publishes this message after every earlier one with the same key, as <see cref="IEntityFrameworkOutboxConfigurator.OrderBy{T}" />
    /// does for a type, whose convention it overrides. Has no effect on what is sent past the outbox.
    /// </summary>
    /// <param name="context">The message's context.</param>
    /// <param name="key">At most 256 characters; null for no order.</param>
    /// <exception cref="ArgumentException">The key is too long, begins with <c>tx:</c> or holds a NUL.</exception>
    public static void SetOrderingKey(this SendContext context, string? key)
    {
        var chosen = new OrderingKeys.Chosen(string.IsNullOrEmpty(key) ? null : OrderingKeys.Checked(key));

        context.AddOrUpdatePayload(() => chosen, _ => chosen);
    }

    /// <summary>
    /// Publishes this message in no order at all, not even that of its transaction, whose messages otherwise leave one after the other: for a
    /// transaction that saves many messages that have nothing to do with each other. Has no effect on what is sent past the outbox.
    /// </summary>
    public static void KeepNoOrder(this SendContext context) => context.GetOrAddPayload(() => new OrderingKeys.NoOrder());
}
