using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Games.AppHost;
using Games.AppHost.Servers;
using Games.Tests.Servers;

namespace Games.Tests.AppHost;

/// <summary>The local run as a person has it: the program that ./run starts, its output and its exit code.</summary>
public sealed partial class LocalRunTests(TestServers servers)
{
    [Fact(Timeout = 300_000)]
    public async Task Killed_outright_it_leaves_no_process_and_the_next_run_finds_its_data()
    {
        var data = servers.DirectoryOf("local-run");
        // As a run with a mistyped token leaves it: nothing was announced there.
        await File.WriteAllTextAsync(Path.Combine(data, "discord"), "Discord\n");
        using var first = await StartedRun.ReadyAsync(data);
        await first.ExecuteAsync("create table notes (text text); insert into notes values ('kept')");
        var children = Processes.DescendantsOf(first.Process.Id);
        var key = await File.ReadAllTextAsync(Path.Combine(data, "api-key"));
        await TheFirstCallWorksAsTypedAsync(first);
        await first.ShowsInDiscordAsync("Friday raid");
        await Until.TrueAsync(
            async () => await first.ExecuteAsync("select delivered_version > 0 from announcements") is true, "the bot knows that it is there");

        first.Process.Send(Signal.Kill);

        // PostgreSQL with its workers, RabbitMQ and its port mapper, the API, the bot and the stand-in for Discord.
        Assert.True(children.Count > 8, $"Only {children.Count} processes were running.");
        await Until.TrueAsync(() => children.All(Processes.IsGone), "all that the killed run had started were gone");

        using var second = await StartedRun.ReadyAsync(data);
        Assert.Equal("kept", await second.ExecuteAsync("select text from notes"));
        Assert.Equal(key, await File.ReadAllTextAsync(Path.Combine(data, "api-key")));
        Assert.Equal(first.Said("export ConnectionStrings__"), second.Said("export ConnectionStrings__"));
        // The stand-in begins empty, and is told again.
        await second.ShowsInDiscordAsync("Friday raid");
        Assert.Equal(0L, await second.ExecuteAsync("select sum(reposts) from announcements"));
        children = Processes.DescendantsOf(second.Process.Id);

        // As the README has it, which stops no other.
        Assert.Equal((0, $"{second.Process.Id}"), await second.PasteAsync("cat .run/lock"));
        await second.PasteAsync("kill $(cat .run/lock)");

        await Until.TrueAsync(() => !second.Process.IsRunning, "the run had stopped");
        Assert.Empty(await File.ReadAllTextAsync(Path.Combine(data, "lock")));
        Assert.Equal(0, second.Process.ExitCode);
        Assert.All(children, child => Assert.True(Processes.IsGone(child)));
        Assert.Equal(["stopping bot", "stopping api", "stopping discord", "stopping RabbitMQ", "stopping PostgreSQL"], second.Said(" stopping "));
        Assert.False(File.Exists(Path.Combine(data, "environment")) || File.Exists(Path.Combine(data, "control")));
    }

    [Fact(Timeout = 300_000)]
    public async Task What_dies_is_started_again_on_its_data_and_what_dies_again_at_once_ends_the_run()
    {
        var data = servers.DirectoryOf("dying-run");
        using var run = await StartedRun.ReadyAsync(data);
        await run.ExecuteAsync("create table notes (text text); insert into notes values ('kept')");

        // Only the server's own process: its backends are there for a moment longer.
        (string, string)[] all =
            [("postgres", "PostgreSQL"), ("beam.smp", "RabbitMQ"), ("Games.Api.dll", "api"), ("Games.FakeDiscord.dll", "discord")];
        foreach (var (program, name) in all)
        {
            await KillAsync(run, program);
            await run.SaysAsync($"{name} died (exit code 137): starting it again");
            await Until.TrueAsync(() => ChildOf(run, program) is not null, $"{name} runs again");
        }

        await Until.TrueAsync(async () => (await run.PasteAsync("./games doctor")).ExitCode == 0, "all is well", TimeSpan.FromSeconds(60));
        Assert.Equal("kept", await run.ExecuteAsync("select text from notes"));
        Assert.True(run.Process.IsRunning);

        var settings = Directory.GetFiles(data, "postgresql.conf", SearchOption.AllDirectories).Single();
        await File.AppendAllTextAsync(settings, "no_such_setting = 1\n", TestContext.Current.CancellationToken);
        await KillAsync(run, "postgres");

        await Until.TrueAsync(() => !run.Process.IsRunning, "the run had ended", TimeSpan.FromSeconds(60));
        Assert.Equal(1, run.Process.ExitCode);
        Assert.Contains(run.Output, line => line.StartsWith("Games cannot run: PostgreSQL dies again at once"));
        Assert.Contains(run.Output, line => line.Contains("no_such_setting"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_keeps_its_port_unless_another_program_has_taken_it()
    {
        var ct = TestContext.Current.CancellationToken;
        var (file, said) = (Path.Combine(servers.DirectoryOf("kept-port"), "PostgreSQL.port"), new List<string>());
        var first = await KeptPort.ReadAsync(file, "PostgreSQL", said.Add, ct);
        Assert.Equal($"{first}", (await File.ReadAllTextAsync(file, ct)).Trim());
        Assert.Empty(said);

        // This process gives no port out twice, as another program would not.
        var second = await KeptPort.ReadAsync(file, "PostgreSQL", said.Add, ct);

        Assert.NotEqual(first, second);
        Assert.Equal($"{second}", (await File.ReadAllTextAsync(file, ct)).Trim());
        Assert.Contains($"port {first}", Assert.Single(said));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("broker", "stop")]
    [InlineData("database", "start")]
    public async Task A_switch_without_a_run_says_that_there_is_none(params string[] verb)
    {
        var data = servers.DirectoryOf("no-run");

        var (exitCode, said) = await ChildProcess.RunAsync(StartedRun.CommandOf([.. verb, "--data", data]), TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"Games does not run on {data}", Assert.Single(said.Split('\n')));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_second_run_on_the_same_data_is_refused()
    {
        var data = servers.DirectoryOf("taken-run");
        await using var running = new FileStream(Path.Combine(data, "lock"), FileMode.Create, FileAccess.Write, FileShare.None);

        foreach (var command in new[] { StartedRun.CommandOf("--data", data), StartedRun.ScriptOf("run", "--data", data) })
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
        var (exitCode, script) = await ChildProcess.RunAsync(StartedRun.ScriptOf("run", "--help"), TestContext.Current.CancellationToken);
        var (_, program) = await ChildProcess.RunAsync(StartedRun.CommandOf("--help"), TestContext.Current.CancellationToken);

        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("Building", script);
        Assert.Equal(OptionsIn(program).Except(["--help", "--version"]), OptionsIn(script));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--frobnicate")]
    [InlineData("--data", "elsewhere", "start")]
    public async Task An_unknown_word_is_refused_before_anything_is_built(params string[] words)
    {
        var (exitCode, said) = await ChildProcess.RunAsync(StartedRun.ScriptOf("run", words), TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"./run does not know '{words[^1]}'", Assert.Single(said.Split('\n')));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_option_without_its_value_is_refused_before_anything_is_built()
    {
        var (exitCode, said) = await ChildProcess.RunAsync(
            StartedRun.ScriptOf("run", "--bot-urls", "x", "--data"), TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.StartsWith("./run needs a value after --data", Assert.Single(said.Split('\n')));
    }

    [Fact(Timeout = 60_000)]
    public async Task All_options_of_its_help_are_known()
    {
        var data = servers.DirectoryOf("all-options");
        await using var running = new FileStream(Path.Combine(data, "lock"), FileMode.Create, FileAccess.Write, FileShare.None);
        var (_, help) = await ChildProcess.RunAsync(StartedRun.ScriptOf("run", "--help"), TestContext.Current.CancellationToken);
        var options = OptionsIn(help).Distinct().Except(["--data", "--dashboard"]).ToList();

        foreach (var given in new[] { options.SelectMany(option => new[] { option, "x" }), options.Select(option => $"{option}=x") })
        {
            var (_, said) = await ChildProcess.RunAsync(
                StartedRun.ScriptOf("run", ["--data", data, "--dashboard", .. given]), TestContext.Current.CancellationToken);

            Assert.Contains($"it is running on {data} already", said);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task All_ports_that_are_taken_are_named_at_once()
    {
        using var other = new TcpListener(IPAddress.Loopback, port: 0);
        other.Start();
        var urls = $"http://localhost:{((IPEndPoint)other.LocalEndpoint).Port}";

        var (_, said) = await ChildProcess.RunAsync(
            StartedRun.CommandOf(
                "--data", servers.DirectoryOf("no-ports"), "--api-urls", urls, "--bot-urls", $"http://localhost:{FreePort.Next()}",
                "--discord-urls", urls),
            TestContext.Current.CancellationToken);

        Assert.Contains("--api-urls", said);
        Assert.Contains("--discord-urls", said);
        Assert.DoesNotContain("--bot-urls", said);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--api-urls")]
    [InlineData("--bot-urls")]
    [InlineData("--discord-urls")]
    public async Task A_taken_port_is_named_before_anything_is_started(string option)
    {
        using var other = new TcpListener(IPAddress.Loopback, port: 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var data = servers.DirectoryOf($"no-port{option}");

        var free = new[] { "--api-urls", "--bot-urls", "--discord-urls" }.Where(other => other != option)
            .SelectMany(other => new[] { other, $"http://localhost:{FreePort.Next()}" });
        var (exitCode, said) = await ChildProcess.RunAsync(
            StartedRun.CommandOf(["--data", data, option, $"http://localhost:{port}", .. free]), TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.Contains($"port {port} is taken", said);
        Assert.Contains(option, said);
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

    private static async Task KillAsync(StartedRun run, string program)
    {
        await Until.TrueAsync(() => ChildOf(run, program) is not null, $"{program} runs");
        await ChildProcess.RunAsync(new Command("kill", "-9", $"{ChildOf(run, program)}"), TestContext.Current.CancellationToken);
    }

    /// <summary>The run's own child that is this program.</summary>
    private static int? ChildOf(StartedRun run, string program) =>
        Processes.ChildrenOf(run.Process.Id).Where(child => Processes.CommandLineOf(child).Contains(program)).Cast<int?>().FirstOrDefault();

    private static async Task TheFirstCallWorksAsTypedAsync(StartedRun run)
    {
        var line = run.Said("curl ").Single();
        var mode = (await ChildProcess.RunAsync(new Command("stat", "-c", "%a", KeyFile.Match(line).Groups[1].Value))).Output;

        var (exitCode, answer) = await ChildProcess.RunAsync(new Command("bash", "-c", $"{line} --silent --fail"));

        Assert.Equal("600", mode.Trim());
        Assert.Equal(0, exitCode);
        Assert.Contains("\"title\":\"Friday raid\"", answer);
    }

    [GeneratedRegex(@"\$\(cat '?([^')]+)'?\)")]
    private static partial Regex KeyFile { get; }

    [GeneratedRegex(@"--[a-z]+(-[a-z]+)*")]
    private static partial Regex Option { get; }
}
