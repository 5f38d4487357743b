using System.Text.RegularExpressions;
using RabbitMQ.Client;

namespace Games.AppHost.Servers;

/// <summary>A private RabbitMQ node on loopback ports, with its own Erlang port mapper and cookie, or with those of the node that it joins.</summary>
internal sealed partial class RabbitMqServer(string directory, Action<string>? log = null) : ServerProcess("RabbitMQ", log ?? (_ => { }))
{
    private const string Login = "guest";
    private const string Ok = "{ok, ok}";

    private readonly string _home = Path.GetFullPath(directory);

    // RabbitMQ asks df for the space that is left without quoting the path, and for one that is not plain has no answer but errors in its log.
    private readonly string? _plainLink = PlainPath().IsMatch(Path.GetFullPath(directory))
        ? null
        : Path.Combine(Path.GetTempPath(), $"games-rabbitmq-{Guid.NewGuid():N}");
    private readonly int _distributionPort = FreePort.Next();
    private readonly int _ownMapperPort = FreePort.Next();

    private readonly SemaphoreSlim _erlCallLock = new(1);

    private ChildProcess? _portMapper;

    public int Port { get; init; } = FreePort.Next();

    /// <summary>
    /// A node whose cluster this one joins at its first start. It is to run then, and its port mapper serves both until it is disposed.
    /// </summary>
    public RabbitMqServer? Joins { get; init; }

    /// <summary>Further settings, by their names in rabbitmq.conf.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Finds the folder of RabbitMQ's programs; tests replace it.</summary>
    public Func<string> Binaries { get; init; } = () => ServerBinaries.RabbitMq();

    public string ConnectionString => ConnectionStringTo("");

    protected override Signal CleanStop => Signal.Term;

    private string Node => Joins is null ? "games@localhost" : $"games-{_distributionPort}@localhost";

    private int MapperPort => Joins?.MapperPort ?? _ownMapperPort;

    public string ConnectionStringTo(string virtualHost) => $"amqp://{Login}:{Login}@127.0.0.1:{Port}/{Uri.EscapeDataString(virtualHost)}";

    /// <summary>
    /// Creates the virtual host by a call into the running node: milliseconds, where rabbitmqctl takes seconds and the management
    /// plugin makes every stop wait five.
    /// </summary>
    public async Task<string> CreateVirtualHostAsync(string name, CancellationToken ct = default)
    {
        await EvaluateAsync(
            $"""
             ok = rabbit_vhost:add(<<"{name}">>, <<"{Login}">>),
             rabbit_auth_backend_internal:set_permissions(<<"{Login}">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"{Login}">>).
             """,
            ct);
        return ConnectionStringTo(name);
    }

    public Task DeleteVirtualHostAsync(string name, CancellationToken ct = default) =>
        EvaluateAsync($"""rabbit_vhost:delete(<<"{name}">>, <<"{Login}">>).""", ct);

    /// <summary>
    /// Cuts it off from these nodes of its cluster, as a network that is broken would, until <see cref="JoinAgainAsync" />: each refuses the other's
    /// cookie. Clients reach it still.
    /// </summary>
    public Task CutOffAsync(IEnumerable<RabbitMqServer> others, CancellationToken ct = default) =>
        EvaluateAsync($"lists:foreach(fun(N) -> erlang:set_cookie(N, cut_off), erlang:disconnect_node(N) end, {NamesOf(others)}), ok.", ct);

    public Task JoinAgainAsync(IEnumerable<RabbitMqServer> others, CancellationToken ct = default) => EvaluateAsync(
        $"lists:foreach(fun(N) -> erlang:set_cookie(N, erlang:get_cookie()), net_kernel:connect_node(N) end, {NamesOf(others)}), ok.", ct);

    /// <summary>Whether it leads the quorum queue, as it sees it itself.</summary>
    public async Task<bool> LeadsAsync(string queue, CancellationToken ct = default) => await AskAsync(
        $$"""
          {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{{queue}}">>)),
          case amqqueue:get_pid(Queue) of {_, Leader} when Leader =:= node() -> ok; _ -> another end.
          """,
        ct) == Ok;

    protected override async Task<Command> PrepareAsync(CancellationToken ct)
    {
        var binaries = Binaries();
        Directory.CreateDirectory(_home);
        await File.WriteAllTextAsync(PathOf("enabled_plugins"), "[].\n", ct);
        await File.WriteAllTextAsync(
            PathOf("rabbitmq.conf"),
            $"""
             listeners.tcp.1 = 127.0.0.1:{Port}
             log.console = true
             log.console.level = warning
             log.file = rabbitmq.log
             log.file.level = info
             {(Joins is null ? "" : $"cluster_formation.classic_config.nodes.1 = {Joins.Node}")}
             {string.Join('\n', Settings.Select(setting => $"{setting.Key} = {setting.Value}"))}

             """,
            ct);
        if (Joins is not null)
            File.Copy(Joins.PathOf(".erlang.cookie"), PathOf(".erlang.cookie"), overwrite: true);

        if (_plainLink is not null && !Directory.Exists(_plainLink))
            Directory.CreateSymbolicLink(_plainLink, _home);

        // Erlang would start one itself, as a daemon that serves the whole machine and never ends.
        if (Joins is null)
        {
            _portMapper ??= ChildProcess.Start(
                new Command(ServerBinaries.Erlang("epmd"), "-address", "127.0.0.1", "-port", $"{MapperPort}") { WorkingDirectory = _home }, Log);
        }

        return new Command(Path.Combine(binaries, "rabbitmq-server"))
        {
            WorkingDirectory = _home,
            Environment = new Dictionary<string, string?>
            {
                ["HOME"] = _home,
                ["ERL_CRASH_DUMP_SECONDS"] = "0",
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["ERL_EPMD_PORT"] = $"{MapperPort}",
                ["RABBITMQ_NODENAME"] = Node,
                ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
                ["RABBITMQ_CONFIG_FILE"] = PathOf("rabbitmq"),
                ["RABBITMQ_CONFIG_FILES"] = PathOf("none"),
                ["RABBITMQ_ADVANCED_CONFIG_FILE"] = PathOf("none"),
                ["RABBITMQ_CONF_ENV_FILE"] = PathOf("none"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = PathOf("enabled_plugins"),
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_plainLink ?? _home, "mnesia"),
                ["RABBITMQ_LOG_BASE"] = PathOf("log"),

                // Makes the start script exec the Erlang machine instead of watching over it, so that signals reach the node.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
            },
        };
    }

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        var factory = new ConnectionFactory { Uri = new Uri(ConnectionString), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(ct);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _portMapper?.Kill();
        _portMapper?.Dispose();
        _portMapper = null;
    }

    protected override void OnStopped()
    {
        if (Directory.Exists(_plainLink))
            Directory.Delete(_plainLink);
    }

    [GeneratedRegex("^[A-Za-z0-9/._-]+$")]
    private static partial Regex PlainPath();

    private string PathOf(string name) => Path.Combine(_home, name);

    private async Task EvaluateAsync(string erlang, CancellationToken ct)
    {
        if (await AskAsync(erlang, ct) is var answer and not Ok)
            throw new InvalidOperationException($"RabbitMQ did not take {erlang}{Environment.NewLine}{answer}");
    }

    /// <summary>What the running node says to it.</summary>
    private async Task<string> AskAsync(string erlang, CancellationToken ct)
    {
        var cookie = await File.ReadAllTextAsync(PathOf(".erlang.cookie"), ct);
        var command = new Command(ServerBinaries.Erlang("erl_call"), "-address", $"127.0.0.1:{_distributionPort}", "-c", cookie.Trim(), "-e")
        {
            WorkingDirectory = _home,
            Environment = new Dictionary<string, string?> { ["HOME"] = _home },
            Input = erlang + "\n",
        };

        // erl_call joins as a node of a fixed name: RabbitMQ refuses a second one at the same time.
        await _erlCallLock.WaitAsync(ct);
        try
        {
            var (exitCode, answer) = await ChildProcess.RunAsync(command, ct);
            return exitCode == 0 ? answer.Trim() : $"exit code {exitCode}: {answer}";
        }
        finally
        {
            _erlCallLock.Release();
        }
    }

    private static string NamesOf(IEnumerable<RabbitMqServer> nodes) => $"[{string.Join(", ", nodes.Select(node => $"'{node.Node}'"))}]";
}
