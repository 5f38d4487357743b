using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Games.AppHost.Servers;

/// <summary>A private PostgreSQL cluster on a loopback port. Durable like a real one: fsync stays on.</summary>
internal sealed class PostgresServer(string directory, Action<string>? log = null) : ServerProcess("PostgreSQL", log ?? (_ => { }))
{
    private const string Owner = "games";
    private const string ServerUser = "postgres";

    // PostgreSQL refuses to run as root, so root hands it to the user that comes with the package.
    private static readonly string? RunAs = Environment.IsPrivilegedProcess ? ServerUser : null;

    private string? _home;

    public int Port { get; init; } = FreePort.Next();

    /// <summary>Finds the folder of PostgreSQL's programs, of this major version if one is given; tests replace it.</summary>
    public Func<string?, string> Binaries { get; init; } = major => ServerBinaries.Postgres(major: major);

    /// <summary>Further settings, by their names in postgresql.conf.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The server that it is a streaming standby of, until it is promoted.</summary>
    public PostgresServer? Primary { get; init; }

    /// <summary>The maintenance database; <see cref="CreateDatabaseAsync"/> makes the others.</summary>
    public string ConnectionString => ConnectionStringTo("postgres");

    protected override Signal CleanStop => Signal.Int;

    public string ConnectionStringTo(string database) => $"Host=127.0.0.1;Port={Port};Username={Owner};Database={database}";

    /// <summary>Creates the database, as a copy of <paramref name="template"/> if one is given, unless it is there already.</summary>
    public async Task<string> CreateDatabaseAsync(string name, string? template = null, CancellationToken ct = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync(ct);
        await using var find = new NpgsqlCommand("select exists (select from pg_database where datname = $1)", connection)
        {
            Parameters = { new() { Value = name } },
        };
        if (await find.ExecuteScalarAsync(ct) is true)
            return ConnectionStringTo(name);

        var from = template is null ? "" : $" template \"{template}\"";
        await using var create = new NpgsqlCommand($"create database \"{name}\"{from}", connection);
        try
        {
            await create.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException exists) when (exists.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // Another caller has created it since the look.
        }

        return ConnectionStringTo(name);
    }

    /// <summary>An immediate shutdown: every backend is told to quit at once, nothing is flushed, and the start recovers from the log.</summary>
    public async Task RestartImmediatelyAsync(CancellationToken ct = default)
    {
        await StopAsync(Signal.Quit);
        await StartAsync(ct);
    }

    /// <summary>Makes a standby the primary. Nothing keeps the old one from coming back as another: whoever calls does.</summary>
    public async Task PromoteAsync(CancellationToken ct = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync(ct);
        await using var promote = new NpgsqlCommand("select pg_promote()", connection);
        if (await promote.ExecuteScalarAsync(ct) is not true)
            throw new InvalidOperationException($"The standby on port {Port} was not promoted.");
    }

    protected override async Task<Command> PrepareAsync(CancellationToken ct)
    {
        _home ??= await UsableDirectoryAsync(ct);
        var data = Path.Combine(_home, "data");
        var version = Path.Combine(data, "PG_VERSION");
        var binaries = Binaries(File.Exists(version) ? (await File.ReadAllTextAsync(version, ct)).Trim() : null);
        if (!File.Exists(version))
            await InitializeAsync(binaries, data, ct);

        return new Command(Path.Combine(binaries, "postgres"),
        [
            "-D", data,
            "-h", "127.0.0.1",
            "-p", $"{Port}",
            "-c", "unix_socket_directories=",
            "-c", "max_connections=300",
            "-c", "shared_buffers=256MB",
            "-c", "logging_collector=off",
            "-c", "log_destination=stderr",
            "-c", "log_line_prefix=",
            "-c", "log_checkpoints=off",
            // Whoever asked says what went wrong: the statement would be most of the lines.
            "-c", "log_min_error_statement=panic",
            .. Settings.SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" }),
        ])
        {
            User = RunAs,
            WorkingDirectory = _home,

            // SIGKILL would leave its backends running until they notice; SIGQUIT ends them too.
            WhenParentDies = Signal.Quit,
        };
    }

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        // Before its pid file says "ready", a connection would only write a FATAL to its log.
        var state = await File.ReadAllTextAsync(Path.Combine(_home!, "data", "postmaster.pid"), ct);
        if (!state.Contains("ready", StringComparison.Ordinal))
            throw new InvalidOperationException("PostgreSQL is starting.");

        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
        await connection.OpenAsync(ct);
    }

    private async Task InitializeAsync(string binaries, string data, CancellationToken ct)
    {
        // Into a directory beside it and renamed when complete: a program that was killed half-way leaves nothing that looks like data.
        var unfinished = data + ".new";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);

        string[] words = Primary is null
            ? ["initdb", "-D", unfinished, "-U", Owner, "--auth=trust", "--encoding=UTF8", "--no-locale"]
            : ["pg_basebackup", "-D", unfinished, "-U", Owner, "-h", "127.0.0.1", "-p", $"{Primary.Port}", "-R", "-X", "stream", "-c", "fast"];
        var command = new Command(Path.Combine(binaries, words[0]), words[1..])
        {
            User = RunAs,
            WorkingDirectory = _home,
        };
        var (exitCode, output) = await ChildProcess.RunAsync(command, ct);
        if (exitCode != 0)
            throw new ServerUnavailableException($"PostgreSQL's {words[0]} ended with exit code {exitCode}:{Environment.NewLine}{output}");

        Directory.Move(unfinished, data);
    }

    /// <summary>
    /// The intended directory when the server's user can enter it; else one under a world-enterable place, named after the intended
    /// one so that the next start finds its data again.
    /// </summary>
    private async Task<string> UsableDirectoryAsync(CancellationToken ct)
    {
        var intended = Path.GetFullPath(directory);
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(intended)))[..12];
        string[] candidates = [intended, $"/var/tmp/games-postgres-{key}", $"/tmp/games-postgres-{key}"];
        foreach (var candidate in candidates)
        {
            if (!await IsUsableByServerAsync(candidate, ct))
                continue;

            if (candidate != intended)
                Log($"The user {ServerUser} cannot enter {intended}: the data is kept in {candidate} instead.");
            return candidate;
        }

        throw new ServerUnavailableException(
            $"PostgreSQL runs as the user {RunAs ?? Environment.UserName}, who can enter none of {string.Join(", ", candidates)}.");
    }

    private static async Task<bool> IsUsableByServerAsync(string candidate, CancellationToken ct)
    {
        try
        {
            Directory.CreateDirectory(candidate);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        if (RunAs is not null)
        {
            var (handedOver, reason) = await ChildProcess.RunAsync(new Command("chown", "--no-dereference", $"{RunAs}:{RunAs}", candidate), ct);
            if (handedOver != 0)
                throw new ServerUnavailableException($"PostgreSQL does not run as root, and the user {RunAs} cannot be given {candidate}: {reason}");
        }

        // -O as well: another user may have created a directory of this guessable name in /tmp.
        var (exitCode, _) = await ChildProcess.RunAsync(
            new Command("test", "-O", candidate, "-a", "-w", candidate, "-a", "-x", candidate) { User = RunAs, WorkingDirectory = "/" }, ct);
        return exitCode == 0;
    }
}
