// Compiled with OfficialPackages=true only: what is absent without our own outbox (docs/adr/0003-versions.md).

namespace MassTransit
{
    internal static class WithoutSharedTransactions
    {
        /// <summary>Each delivery has a transaction of its own, so each is consumed alone.</summary>
        public static Task ConsumeTogether<T>(this ConsumeContext<T> context, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
            where T : class => consume([context]);
    }
}

namespace Games.Journal
{
    internal static class WithoutJournal
    {
        /// <summary>Nobody dispatches events of the journal, and nothing is recorded in it.</summary>
        public static void AddJournal(this IHostApplicationBuilder builder, params string[] backlogTags)
        {
        }
    }
}
