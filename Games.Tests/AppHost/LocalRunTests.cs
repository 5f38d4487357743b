using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Games.AppHost.Servers;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.AppHost;

/// <summary>The local run as a person has it: the program that ./run starts, its output and its exit code.</summary>
public sealed partial class LocalRunTests(TestServers servers)
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(120);
    private static readonly string Script = Path.GetFullPath("../../../../run", GamesService.OutputOf("Games.AppHost"));

    private readonly ConcurrentQueue<string> _output = new();

    [Fact(Timeout = 300_000)]
    public async Task Killed_outright_it_leaves_no_process_and_the_next_run_finds_its_data()
    {
        var data = servers.DirectoryOf("local-run");
        using var first = await RunningAsync(data);
        await ExecuteAsync("create table notes (text text); insert into notes values ('kept')");
        var children = Processes.DescendantsOf(first.Id);
        var key = await File.ReadAllTextAsync(Path.Combine(data, "api-key"));
        await TheFirstCallWorksAsTypedAsync();

        first.Send(Signal.Kill);

        // PostgreSQL with its workers, RabbitMQ and its port mapper, the API and the bot.
        Assert.True(children.Count > 8, $"Only {children.Count} processes were running.");
        await Until.TrueAsync(() => children.All(Processes.IsGone), "all that the killed run had started were gone");

        _output.Clear();
        using var second = await RunningAsync(data);
        Assert.Equal("kept", await ExecuteAsync("select text from notes"));
        Assert.Equal(key, await File.ReadAllTextAsync(Path.Combine(data, "api-key")));
        children = Processes.DescendantsOf(second.Id);

        second.Send(Signal.Term);

        await Until.TrueAsync(() => !second.IsRunning, "the run had stopped");
        Assert.Equal(0, second.ExitCode);
        Assert.All(children, child => Assert.True(Processes.IsGone(child)));
        Assert.Equal(
            ["stopping bot", "stopping api", "stopping RabbitMQ", "stopping PostgreSQL"],
            _output.Where(line => line.Contains("| stopping")).Select(line => line.Split("| ")[1]));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_second_run_on_the_same_data_is_refused()
    {
        var data = servers.DirectoryOf("taken-run");
        await using var running = new FileStream(Path.Combine(data, "lock"), FileMode.Create, FileAccess.Write, FileShare.None);

        foreach (var command in new[] { CommandOf("--data", data), new Command(Script, "--data", data) })
        {
            var (exitCode, output) = await ChildProcess.RunAsync(command, TestContext.Current.CancellationToken);

            Assert.Equal(1, exitCode);
            Assert.Contains($"it is running on {data} already", output);
            Assert.DoesNotContain("Building", output);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Help_needs_no_build_and_names_every_option()
    {
        var (exitCode, script) = await ChildProcess.RunAsync(new Command(Script, "--help"), TestContext.Current.CancellationToken);
        var (_, program) = await ChildProcess.RunAsync(CommandOf("--help"), TestContext.Current.CancellationToken);

        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("Building", script);
        Assert.Equal(OptionsIn(program).Except(["--help", "--version"]), OptionsIn(script));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_taken_port_is_named_before_anything_is_started()
    {
        using var other = new TcpListener(IPAddress.Loopback, port: 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var data = servers.DirectoryOf("no-port");

        var (exitCode, said) = await ChildProcess.RunAsync(
            CommandOf("--data", data, "--api-urls", $"http://localhost:{FreePort.Next()}", "--bot-urls", $"http://localhost:{port}"),
            TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.Contains($"port {port} is taken", said);
        Assert.Contains("--bot-urls", said);
        Assert.DoesNotContain("starting", said);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_ends_at_start_is_named_with_its_last_lines()
    {
        var address = $"http://localhost:{FreePort.Next()}";
        await using var api = new GamesService("api", "Games.Api", address, new Dictionary<string, string> { ["ConnectionStrings__Games"] = "" });

        var failure = await Assert.ThrowsAsync<ServerUnavailableException>(() => api.StartAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith("api ended with exit code 1", failure.Message);
        Assert.Contains("ConnectionStrings:Games", failure.Message);
    }

    [Fact]
    public void A_listening_address_for_any_host_is_asked_at_localhost()
    {
        Assert.Equal(
            [new Uri("http://localhost:5080"), new Uri("https://localhost:5443"), new Uri("http://localhost:81"), new Uri("http://games.example:82")],
            GamesService.Addresses("http://*:5080; https://+:5443;http://0.0.0.0:81;http://games.example:82"));
        Assert.Throws<ServerUnavailableException>(() => GamesService.Addresses("5080"));
    }

    private static IEnumerable<string> OptionsIn(string help) => Option.Matches(help).Select(option => option.Value).Order();

    private static Command CommandOf(params IEnumerable<string> arguments) =>
        new("dotnet", ["exec", Path.Combine(GamesService.OutputOf("Games.AppHost"), "Games.AppHost.dll"), .. arguments]);

    private async Task<ChildProcess> RunningAsync(string data)
    {
        var run = ChildProcess.Start(
            CommandOf("--data", data, "--api-urls", $"http://localhost:{FreePort.Next()}", "--bot-urls", $"http://localhost:{FreePort.Next()}"),
            _output.Enqueue);
        // The last line of what it says then: the addresses stand before it.
        await Until.TrueAsync(
            () => !run.IsRunning || _output.Any(line => line.Contains("Ctrl+C stops everything")), "it said that it runs", StartBound);
        Assert.True(run.IsRunning, string.Join(Environment.NewLine, _output));
        return run;
    }

    private async Task TheFirstCallWorksAsTypedAsync()
    {
        var line = _output.Select(line => line.Split("| ")[^1].Trim()).Single(line => line.StartsWith("curl "));
        var mode = (await ChildProcess.RunAsync(new Command("stat", "-c", "%a", KeyFile.Match(line).Groups[1].Value))).Output;

        var (exitCode, answer) = await ChildProcess.RunAsync(new Command("bash", "-c", $"{line} --silent --fail"));

        Assert.Equal("600", mode.Trim());
        Assert.Equal(0, exitCode);
        Assert.Contains("\"title\":\"Friday raid\"", answer);
    }

    private async Task<object?> ExecuteAsync(string sql)
    {
        var port = PsqlPort.Match(string.Join('\n', _output)).Groups[1].Value;
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={port};Username=games;Database=games;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    [GeneratedRegex(@"psql -h 127\.0\.0\.1 -p (\d+) -U games games")]
    private static partial Regex PsqlPort { get; }

    [GeneratedRegex(@"\$\(cat '?([^')]+)'?\)")]
    private static partial Regex KeyFile { get; }

    [GeneratedRegex(@"--[a-z]+(-[a-z]+)*")]
    private static partial Regex Option { get; }
}
