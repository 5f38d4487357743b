using System.Diagnostics.CodeAnalysis;
using Games.AppHost.Servers;
using Games.Bench.Discord;
using Games.Bench.Measuring;

namespace Games.Bench.Chaos;

/// <summary>
/// Three nodes of RabbitMQ with quorum queues, PostgreSQL with a synchronous standby, three APIs behind HAProxy, and three bots on the stand-in for
/// Discord. The clock of the last API is five minutes fast, and that of the last bot five minutes slow.
/// </summary>
internal sealed class ClusterSystem : ChaosSystem
{
    private const int Replicas = 3;
    private const string Leading = "announce-game";

    private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(5);

    private readonly string _directory;
    private readonly ServiceLogs _logs;
    private readonly IReadOnlyList<RabbitMqServer> _nodes;
    private readonly List<PostgresServer> _buried = [];
    private readonly GamesService _discord;
    private readonly StandIn _standIn;
    private readonly DiscordCheck _check;
    private readonly HaProxyServer _proxy;
    private PostgresServer _primary;
    private PostgresServer _standby;

    /// <param name="directory">For the servers' data; the caller deletes it.</param>
    /// <param name="lease">The outbox's lease in all services.</param>
    [SetsRequiredMembers]
    public ClusterSystem(string directory, TimeSpan lease, ServiceLogs logs)
        : base(lease)
    {
        (_directory, _logs) = (directory, logs);
        _primary = NewPostgres("postgres-1", FreePort.Next(), primary: null);
        _standby = NewPostgres("postgres-2", FreePort.Next(), _primary);
        var first = NewNode(1, joins: null);
        _nodes = [first, NewNode(2, first), NewNode(3, first)];
        _discord = new("discord", "Games.FakeDiscord", $"http://127.0.0.1:{FreePort.Next()}", new Dictionary<string, string>(), logs.Of("discord"))
        {
            ReadyPath = "/_fake/settings",
        };
        _standIn = new StandIn(_discord.Address);

        var database =
            $"Host=127.0.0.1:{_primary.Port},127.0.0.1:{_standby.Port};Target Session Attributes=primary;Username=games;Database=games";
        RabbitMq = first.ConnectionString;
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Games"] = database,
            ["ConnectionStrings__RabbitMq"] = $"amqp://guest:guest@{string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.Port}"))}/",
            ["RabbitMq__Quorum"] = "true",
            ["Outbox__Lease"] = lease.ToString(),
            ["Discord__Token"] = "chaos",
            ["Discord__BaseAddress"] = new Uri(_discord.Address, "/api/v10/").ToString(),
        };
        Apis = NewServices("api", "Games.Api", Replicas, number => number == Replicas ? WithClock(settings, "+300s") : settings, logs);
        Bots = NewServices("bot", "Games.Bot", Replicas, number => number == Replicas ? WithClock(settings, "-300s") : settings, logs);
        Database = GamesDatabase.Open(database);
        _check = new DiscordCheck(Database, _standIn, Channels);
        _proxy = new HaProxyServer(
            Path.Combine(directory, "haproxy"), Path.Combine(Apis[0].Solution, "deploy", "compose", "haproxy.cfg"),
            [.. Apis.Select(api => api.Address.Port)], logs.Of("haproxy"));
    }

    public override IReadOnlyList<Uri> Entrances => [_proxy.Address];

    // Discord takes one message a second in a channel.
    public override int Channels => 100;

    public override Task InflictAsync(PlannedFault fault, CancellationToken ct) => fault.Kind switch
    {
        FaultKind.KillNode => _nodes[fault.Replica - 1].RestartAsync(kill: true, ct),
        FaultKind.KillLeader => KillLeaderAsync(ct),
        FaultKind.CutOffNode => CutOffAsync(_nodes[fault.Replica - 1], ct),
        FaultKind.FailOver => FailOverAsync(ct),
        _ => base.InflictAsync(fault, ct),
    };

    public override Task<long> CountPendingAsync(CancellationToken ct) => _check.CountBehindAsync(ct);

    public override Task<IReadOnlyList<Finding>> FindingsAsync(CancellationToken ct) => _check.FindingsAsync(ct);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _standIn.Dispose();
        foreach (var node in _nodes)
            node.Kill();

        // The first node has the port mapper of all, and the primary waits for its standby.
        ServerProcess[] servers = [_proxy, _discord, .. _nodes.Reverse(), _primary, _standby, .. _buried];
        foreach (var server in servers)
            await server.DisposeAsync();
    }

    protected override async Task StartServersAsync(CancellationToken ct)
    {
        await Task.WhenAll(StartPostgresAsync(ct), StartRabbitMqAsync(ct), _discord.StartAsync(ct));
        await _standIn.AddAsync(Channels, users: 1, ct);
    }

    protected override Task OpenAsync(CancellationToken ct) => _proxy.StartAsync(ct);

    private static Dictionary<string, string> WithClock(Dictionary<string, string> settings, string offset) => new(settings)
    {
        ["LD_PRELOAD"] = ServerBinaries.FakeTime(),
        ["FAKETIME"] = offset,
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    // As deploy/compose has them.
    private RabbitMqServer NewNode(int number, RabbitMqServer? joins) =>
        new(Path.Combine(_directory, $"rabbitmq-{number}"), _logs.Of($"rabbitmq-{number}"))
        {
            Joins = joins,
            Settings = new Dictionary<string, string> { ["cluster_partition_handling"] = "pause_minority" },
        };

    private PostgresServer NewPostgres(string name, int port, PostgresServer? primary) => new(Path.Combine(_directory, name), _logs.Of(name))
    {
        Port = port,
        Primary = primary,
        Settings = new Dictionary<string, string>
        {
            // What is committed is on both, and a row cannot hold the time of its own commit; PostgreSQL can.
            ["synchronous_standby_names"] = "*",
            ["track_commit_timestamp"] = "on",
        },
    };

    private async Task StartPostgresAsync(CancellationToken ct)
    {
        await _primary.StartAsync(ct);
        await _standby.StartAsync(ct);
        await _primary.CreateDatabaseAsync("games", ct: ct);
    }

    private async Task StartRabbitMqAsync(CancellationToken ct)
    {
        await _nodes[0].StartAsync(ct);
        await Task.WhenAll(_nodes.Skip(1).Select(node => node.StartAsync(ct)));
    }

    private async Task KillLeaderAsync(CancellationToken ct)
    {
        foreach (var node in _nodes)
        {
            if (await node.LeadsAsync(Leading, ct))
            {
                await node.RestartAsync(kill: true, ct);
                return;
            }
        }

        throw new BenchException($"No node leads the queue {Leading}.");
    }

    /// <summary>It is the minority, and closes its connections until it sees the others again.</summary>
    private async Task CutOffAsync(RabbitMqServer node, CancellationToken ct)
    {
        RabbitMqServer[] others = [.. _nodes.Where(other => other != node)];
        await node.CutOffAsync(others, ct);
        try
        {
            await Task.Delay(CutOff, ct);
        }
        finally
        {
            await node.JoinAgainAsync(others, CancellationToken.None);
        }

        await node.AnswersAsync(ct);
    }

    /// <summary>What died is no primary any more, whatever it holds: in its place comes a new standby, and until then no commit is done.</summary>
    private async Task FailOverAsync(CancellationToken ct)
    {
        var dead = _primary;
        dead.Kill();
        await _standby.PromoteAsync(ct);
        _primary = _standby;
        _buried.Add(dead);
        _standby = NewPostgres($"postgres-{_buried.Count + 2}", dead.Port, _primary);
        await _standby.StartAsync(ct);
    }
}
