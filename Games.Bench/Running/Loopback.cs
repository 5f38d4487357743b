using System.Net;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Running;

/// <summary>Whether a load stays on this machine. A name other than localhost is taken to lead elsewhere: it is not resolved.</summary>
internal static class Loopback
{
    public static void Demand(Uri api, bool allowRemote)
    {
        if (!allowRemote && !Holds(api))
            throw new BenchException($"{api} is not on this machine: a load test of another host needs --allow-remote.");
    }

    public static void Demand(NpgsqlConnectionStringBuilder database, bool allowRemote)
    {
        if (!allowRemote && !Holds(database))
            throw new BenchException($"The database at '{database.Host}' is not on this machine: this command writes there, which needs --allow-remote.");
    }

    public static bool Holds(Uri api) => Holds(api.DnsSafeHost);

    public static bool Holds(NpgsqlConnectionStringBuilder database) =>
        database.Host is { Length: > 0 } hosts && hosts.Split(',', StringSplitOptions.TrimEntries).All(host => host.StartsWith('/') || Holds(WithoutPort(host)));

    private static bool Holds(string host) =>
        IPAddress.TryParse(host, out var address) ? IPAddress.IsLoopback(address) : host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static string WithoutPort(string host) => host.Count(character => character == ':') == 1 ? host[..host.IndexOf(':')] : host;
}
