using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Outbox.Capture;

/// <summary>Puts <see cref="OneRoundTripBatchFactory" /> around the factory of the database provider, which has to be registered before.</summary>
internal sealed class OneRoundTripOptionsExtension : IDbContextOptionsExtension
{
    public OneRoundTripOptionsExtension() => Info = new ExtensionInfo(this);

    public DbContextOptionsExtensionInfo Info { get; }

    public void ApplyServices(IServiceCollection services)
    {
        var registered = services.LastOrDefault(x => x.ServiceType == typeof(IModificationCommandBatchFactory));
        if (registered is not { ImplementationType: { } provider })
        {
            throw new InvalidOperationException(
                "InsertInOneRoundTrip() must be called after UseNpgsql(). With Outbox:InsertInOneRoundTrip, "
                + "AddDbContext must be called before AddMassTransit.");
        }

        // Of two registrations the later serves.
        services.Add(new(provider, provider, registered.Lifetime));
        services.Add(new(
            typeof(IModificationCommandBatchFactory),
            scope => new OneRoundTripBatchFactory((IModificationCommandBatchFactory)scope.GetRequiredService(provider)),
            registered.Lifetime));
    }

    public void Validate(IDbContextOptions options)
    {
    }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;
        public override string LogFragment => "inserting in one round trip ";

        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["Games.Outbox:InsertInOneRoundTrip"] = "true";
    }
}
