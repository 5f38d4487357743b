namespace Shop; // MassTransit takes no message without a namespace

public sealed record OrderPlaced(Guid OrderId);

public sealed record OrderShipped(Guid OrderId);
