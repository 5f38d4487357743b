// Compiled with OfficialPackages=true only: what both services lack without our own outbox (docs/adr/0003-versions.md).

using MassTransit;
using Microsoft.Extensions.Hosting;

namespace Games.Journal
{
    public static class WithoutJournal
    {
        /// <summary>Nobody publishes or dispatches events of the journal, and nothing is recorded in it.</summary>
        public static void AddJournal(this IHostApplicationBuilder builder, params string[] backlogTags)
        {
        }
    }
}

namespace Games.ServiceDefaults
{
    internal static class WithoutOrder
    {
        /// <summary>Between transactions there is no order.</summary>
        public static void OrderBy<T>(this IEntityFrameworkOutboxConfigurator outbox, Func<T, string?> key)
        {
        }

        /// <summary>There is no IMessageScheduler: nobody is reminded, and no game starts or ends by itself.</summary>
        public static void AddMessageScheduler(this IEntityFrameworkOutboxConfigurator outbox)
        {
        }
    }
}
