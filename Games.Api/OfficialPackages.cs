// Compiled with OfficialPackages=true only: what the API lacks without our own outbox (docs/adr/0003-versions.md).

namespace Games.Api.Ops;

internal static class WithoutOps
{
    /// <summary>There are no endpoints below /ops.</summary>
    public static void UseOpsKey(this WebApplication app)
    {
    }
}
