// Compiled with OfficialPackages=true only: what both services lack without our own outbox (docs/adr/0003-versions.md).

using Microsoft.Extensions.Hosting;

namespace Games.Journal;

public static class WithoutJournal
{
    /// <summary>Nobody publishes or dispatches events of the journal, and nothing is recorded in it.</summary>
    public static void AddJournal(this IHostApplicationBuilder builder, params string[] backlogTags)
    {
    }
}
