using System.Collections.Concurrent;
using Games.AppHost.Servers;
using Games.Tests.Architecture;

namespace Games.Tests.Samples;

/// <summary>samples/Shop as a process of its own, with nothing but its two connection strings.</summary>
internal sealed class RunningShop : IDisposable
{
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ChildProcess _process;

    public RunningShop(string database, string broker)
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        Api = new() { BaseAddress = new(address) };
        _process = ChildProcess.Start(
            new Command("dotnet", "exec", Program, "--urls", address)
            {
                Environment = new Dictionary<string, string?>
                {
                    ["ConnectionStrings__Shop"] = database,
                    ["ConnectionStrings__RabbitMq"] = broker,
                },
            },
            _log.Enqueue);
    }

    public static string Program
    {
        get
        {
            var own = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            return Repository.PathOf($"samples/Shop/bin/{own.Parent!.Name}/{own.Name}/Shop.dll");
        }
    }

    /// <summary>As the guide says.</summary>
    public static async Task MigrateAsync(string database)
    {
        var output = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        foreach (var arguments in (string[][])
        [
            ["tool", "restore"],
            ["ef", "database", "update", "--project", "samples/Shop", "--no-build", "--configuration", output.Parent!.Name],
        ])
        {
            var (exitCode, said) = await ChildProcess.RunAsync(
                new Command("dotnet", arguments)
                {
                    WorkingDirectory = Repository.PathOf("."),
                    Environment = new Dictionary<string, string?>
                    {
                        ["ConnectionStrings__Shop"] = database,
                        ["ConnectionStrings__RabbitMq"] = "amqp://not-asked/",
                    },
                },
                TestContext.Current.CancellationToken);
            Assert.True(exitCode == 0, said);
        }
    }

    public HttpClient Api { get; }

    public string[] Log => [.. _log];

    /// <summary>Answers once it listens.</summary>
    public Task ListensAsync() => Until.TrueAsync(
        async () =>
        {
            Assert.True(_process.IsRunning, string.Join('\n', _log));
            try
            {
                using var answer = await Api.GetAsync("/orders/nothing");
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        "the shop listens");

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
        Api.Dispose();
    }
}
