using System.Net;
using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Running;

/// <summary>Whether a load stays on this machine. Names are not resolved: every one but localhost counts as remote.</summary>
internal static class Loopback
{
    public static void Require(Uri api, bool allowRemote)
    {
        if (!allowRemote && !IsLocal(api))
            throw new BenchException($"{api} is not on this machine: a load test of another host needs --allow-remote.");
    }

    public static void Require(NpgsqlConnectionStringBuilder database, bool allowRemote)
    {
        if (!allowRemote && !IsLocal(database))
            throw new BenchException($"The database at '{database.Host}' is not on this machine: to write there needs --allow-remote.");
    }

    public static bool IsLocal(Uri api) => IsLocal(api.DnsSafeHost);

    public static bool IsLocal(NpgsqlConnectionStringBuilder database) =>
        database.Host is { Length: > 0 } hosts
        && hosts.Split(',', StringSplitOptions.TrimEntries).All(host => host.StartsWith('/') || IsLocal(WithoutPort(host)));

    private static bool IsLocal(string host) =>
        IPAddress.TryParse(host, out var address) ? IPAddress.IsLoopback(address) : host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static string WithoutPort(string host) => host.Count(character => character == ':') == 1 ? host[..host.IndexOf(':')] : host;
}
