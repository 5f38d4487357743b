using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Shop;

public sealed class Order
{
    public Guid Id { get; set; }
    public required string Product { get; set; }
    public DateTimeOffset? ShippedAt { get; set; }
}

public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddTransactionalOutboxEntities();
}
