namespace Games.AppHost.Servers;

/// <summary>Where a server's programs lie: where Debian puts them first, then the PATH.</summary>
internal static class ServerBinaries
{
    public static string Postgres(string root = "/usr/lib/postgresql", string? major = null, string? path = null) =>
        FoldersUnder(root)
            .Where(version => major is null || version.Name == major)
            .OrderByDescending(version => int.TryParse(version.Name, out var number) ? number : 0)
            .Select(version => Path.Combine(version.FullName, "bin"))
            .Concat(major is null ? PathFolders(path) : [])
            .FirstOrDefault(folder => Has(folder, "initdb") && Has(folder, "postgres"))
        ?? throw new ServerMissingException(
            $"PostgreSQL{(major is null ? "" : $" {major}, which made the data there is,")} is not installed: no initdb and postgres in {root}/*/bin"
            + $"{(major is null ? " or on the PATH" : "")}. On Debian or Ubuntu: apt-get install postgresql");

    public static string RabbitMq(string folder = "/usr/lib/rabbitmq/bin", string? path = null) =>
        PathFolders(path).Prepend(folder).FirstOrDefault(candidate => Has(candidate, "rabbitmq-server"))
        ?? throw new ServerMissingException(
            $"RabbitMQ is not installed: no rabbitmq-server in {folder} or on the PATH. On Debian or Ubuntu: apt-get install rabbitmq-server");

    public static string PgBouncer(string folder = "/usr/sbin", string? path = null) =>
        PathFolders(path).Prepend(folder).FirstOrDefault(candidate => Has(candidate, "pgbouncer"))
        ?? throw new ServerMissingException(
            $"PgBouncer is not installed: no pgbouncer in {folder} or on the PATH. On Debian or Ubuntu: apt-get install pgbouncer");

    public static string HaProxy(string folder = "/usr/sbin", string? path = null) =>
        PathFolders(path).Prepend(folder).FirstOrDefault(candidate => Has(candidate, "haproxy"))
        ?? throw new ServerMissingException(
            $"HAProxy is not installed: no haproxy in {folder} or on the PATH. On Debian or Ubuntu: apt-get install haproxy");

    /// <summary>The library that, loaded before all others, gives a process another clock (FAKETIME).</summary>
    public static string FakeTime(string root = "/usr/lib") =>
        FoldersUnder(root).Select(folder => Path.Combine(folder.FullName, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        ?? throw new ServerMissingException(
            $"faketime is not installed: no libfaketimeMT.so.1 in {root}/*/faketime. On Debian or Ubuntu: apt-get install faketime");

    /// <summary>One of Erlang's own programs (epmd, erl_call), which come with RabbitMQ.</summary>
    public static string Erlang(string program, string root = "/usr/lib/erlang", string? path = null) =>
        PathFolders(path).Append(Path.Combine(root, "bin")).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
        ?? throw new ServerMissingException(
            $"Erlang's {program} is neither on the PATH nor in {root}/bin. On Debian or Ubuntu: apt-get install rabbitmq-server");

    private static bool Has(string folder, string program) => File.Exists(Path.Combine(folder, program));

    private static IEnumerable<DirectoryInfo> FoldersUnder(string root) =>
        Directory.Exists(root) ? new DirectoryInfo(root).EnumerateDirectories() : [];

    private static IEnumerable<string> PathFolders(string? path) =>
        (path ?? Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
}
