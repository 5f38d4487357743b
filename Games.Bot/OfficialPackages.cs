// Compiled with OfficialPackages=true only: what the bot lacks without our own outbox (docs/adr/0003-versions.md).

namespace MassTransit;

internal static class WithoutSharedTransactions
{
    /// <summary>Each delivery has a transaction of its own, so each is consumed alone.</summary>
    public static Task ConsumeTogether<T>(this ConsumeContext<T> context, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
        where T : class => consume([context]);
}
