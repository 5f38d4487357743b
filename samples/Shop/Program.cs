using Games.Outbox.Outages;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Shop;

var builder = WebApplication.CreateBuilder(args);
string Address(string server) => builder.Configuration.GetConnectionString(server)
    ?? throw new InvalidOperationException($"Set ConnectionStrings__{server}.");

builder.Logging.AddFilter("MassTransit", LogLevel.Error); // it would log each attempt to connect with its stack: see BrokerOutage below
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning); // and this one each statement,
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Database.Connection", LogLevel.Critical); // and in an outage each connection
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddDbContextPool<ShopContext>(options => options.UseNpgsql(Address("Shop")));
builder.Services.AddMassTransit(bus =>
{
    bus.AddEntityFrameworkOutbox<ShopContext>(outbox =>
    {
        outbox.UsePostgres();
        outbox.UseBusOutbox(); // the scope's IPublishEndpoint and ISendEndpointProvider write to the outbox
    });
    bus.AddReceiveEndpointObserver(provider => provider.GetRequiredService<BrokerOutage>()); // one line when the broker is away, one when it is back
    bus.AddConsumer<ShipOrderConsumer>();
    bus.AddConfigureEndpointsCallback((context, _, endpoint) =>
    {
        endpoint.UseMessageRetry(retry => retry.Intervals(100, 500, 2000)); // before the inbox: each attempt is a transaction of its own
        endpoint.UseEntityFrameworkOutbox<ShopContext>(context);            // the inbox
    });
    bus.UsingRabbitMq((context, rabbitMq) =>
    {
        rabbitMq.Host(new Uri(Address("RabbitMq")));
        rabbitMq.ConfigureEndpoints(context);
    });
});
builder.Services.Configure<MassTransitHostOptions>(host => host.WaitUntilStarted = false); // start without the broker

var app = builder.Build();

app.MapPost("/orders", async (NewOrder placed, ShopContext db, IPublishEndpoint publisher, CancellationToken ct) =>
{
    var order = new Order { Id = Guid.CreateVersion7(), Product = placed.Product };
    db.Orders.Add(order);
    // Sends nothing yet. Mandatory: it waits until a queue gets it, also where the consumer has never run.
    await publisher.Publish(new OrderPlaced(order.Id), message => message.Mandatory = true, ct);
    await db.SaveChangesAsync(ct); // the order and its event, or neither
    return Results.Created($"/orders/{order.Id}", order);
});
app.MapGet("/orders/{id:guid}", async (Guid id, ShopContext db, CancellationToken ct) =>
    await db.Orders.FindAsync([id], ct) is { } order ? Results.Ok(order) : Results.NotFound());
app.MapHealthChecks("/health/outbox", new() { Predicate = check => check.Tags.Contains("outbox") });

app.Run();

internal sealed record NewOrder(string Product);
