// Compiled with OfficialPackages=true only: what is absent without our own outbox (docs/adr/0003-versions.md).

namespace Games.Journal
{
    internal static class WithoutJournal
    {
        /// <summary>Nobody publishes or dispatches events of the journal, and nothing is recorded in it.</summary>
        public static void AddJournal(this IHostApplicationBuilder builder, params string[] backlogTags)
        {
        }
    }
}

namespace Games.Api.Ops
{
    internal static class WithoutOps
    {
        /// <summary>There are no endpoints below /ops.</summary>
        public static void UseOpsKey(this WebApplication app)
        {
        }
    }
}
