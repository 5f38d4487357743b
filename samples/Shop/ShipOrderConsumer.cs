using MassTransit;

namespace Shop;

public sealed class ShipOrderConsumer(ShopContext db, TimeProvider clock) : IConsumer<OrderPlaced>
{
    public async Task Consume(ConsumeContext<OrderPlaced> context)
    {
        var order = await db.Orders.FindAsync([context.Message.OrderId], context.CancellationToken)
            ?? throw new InvalidOperationException($"There is no order {context.Message.OrderId}.");
        order.ShippedAt = clock.GetUtcNow();
        await context.Publish(new OrderShipped(order.Id));
    } // saved and committed with the inbox row, and only then published
}
