using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.Deploy.Images;

/// <summary>
/// No engine runs here and no base image can be fetched: the images are made by the SDK on a base of this machine's .NET, looked into, and run.
/// </summary>
public sealed class ImageTests(BuiltImages images, EmptyDatabase database, TestBroker broker, ITestOutputHelper output)
    : IClassFixture<BuiltImages>, IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode Privileged = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Services => [.. ContainerSettings.Projects.Keys];

    [Theory]
    [MemberData(nameof(Services))]
    public void An_image_runs_its_program_as_a_user_by_number_on_the_port_that_it_names(string service)
    {
        var (image, settings) = (images[service], ContainerSettings.Of(service));

        Assert.Equal($"{settings.Repository}:latest", image.Tag);
        // By number, because Kubernetes cannot see of a name that it is not root's.
        Assert.True(int.Parse((string)image.Config["User"]!, CultureInfo.InvariantCulture) > 0);
        Assert.Equal(["dotnet", $"/app/{ContainerSettings.Projects[service]}.dll"], image.EntryPoint);
        Assert.Equal("/app/", (string?)image.Config["WorkingDir"]);
        Assert.Equal([$"{settings.Port}/tcp"], image.Config["ExposedPorts"]!.AsObject().Select(port => port.Key));
        Assert.Contains($"ASPNETCORE_URLS={settings.Urls}", image.Environment);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Nobody_but_root_can_change_what_is_in_an_image_and_it_is_small(string service)
    {
        var files = images[service].Files();

        Assert.Contains(files, file => file.Name == $"/app/{ContainerSettings.Projects[service]}.dll");
        Assert.All(files, file => Assert.StartsWith("/app", file.Name));
        Assert.DoesNotContain(files, file => (file.Mode & (OthersWrite | Privileged)) != 0);
        output.WriteLine($"games-{service}: {images[service].Size / 1e6:F1} MB on the base image, {files.Count} files");
        Assert.InRange(images[service].Size, 1, 40_000_000);
    }

    [Fact]
    public async Task The_system_runs_from_its_images_without_a_shell_on_a_root_that_is_read_only()
    {
        await Container.RequireMountsAsync();
        var ct = TestContext.Current.CancellationToken;
        var (api, bot) = (new Container(images["api"]), new Container(images["bot"]));
        var (apiUrl, botUrl) = ($"http://127.0.0.1:{FreePort.Next()}", $"http://127.0.0.1:{FreePort.Next()}");
        var servers = new Dictionary<string, string>
        {
            ["ConnectionStrings__Games"] = database.ConnectionString,
            ["ConnectionStrings__RabbitMq"] = broker.ConnectionString,
        };

        var (migrated, said) = await ChildProcess.RunAsync(api.Run(servers, [.. images["api"].EntryPoint, "--migrate"]), ct);
        Assert.True(migrated == 0, said);
        var (made, answer) = await ChildProcess.RunAsync(
            api.Run(servers, "dotnet", "/app/ops/Games.Ops.dll", "keys", "create", "image", "--scope", "games:write"), ct);
        Assert.True(made == 0, answer);

        using var runningApi = Start(api, images["api"], servers, apiUrl, out _);
        using var runningBot = Start(bot, images["bot"], servers, botUrl, out var announced);
        try
        {
            using var client = new HttpClient { BaseAddress = new(apiUrl) };
            var key = answer.Split('\n').Single(line => line.StartsWith("games_", StringComparison.Ordinal));
            client.DefaultRequestHeaders.Authorization = new("Bearer", key);
            await ReadyAsync(runningApi, apiUrl);
            await ReadyAsync(runningBot, botUrl);
            using var created = await client.PostAsJsonAsync("/games", Requests.ValidGame(), ct);
            Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync(ct));
            await Until.TrueAsync(() => announced.Any(line => line.Contains("is to be announced")), "the bot has composed the announcement");

            Assert.Equal(0, await StopAsync(runningApi));
            Assert.Equal(0, await StopAsync(runningBot));
        }
        finally
        {
            // They have changed their user, so that the kernel does not end them with this process.
            runningApi.Kill();
            runningBot.Kill();
        }
    }

    private static ChildProcess Start(
        Container container, Image image, IReadOnlyDictionary<string, string> servers, string url, out ConcurrentQueue<string> log)
    {
        var settings = new Dictionary<string, string>(servers) { ["ASPNETCORE_URLS"] = url };
        return ChildProcess.Start(container.Run(settings, image.EntryPoint), (log = new()).Enqueue);
    }

    private static async Task ReadyAsync(ChildProcess service, string url)
    {
        using var client = new HttpClient { BaseAddress = new(url) };
        await Until.TrueAsync(
            async () =>
            {
                Assert.True(service.IsRunning, service.LastLines);
                try
                {
                    using var answer = await client.GetAsync("/health/ready");
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, "the service from the image is ready", Patience);
    }

    private static async Task<int> StopAsync(ChildProcess service)
    {
        await service.StopAsync(Signal.Term, Patience);
        return service.ExitCode;
    }
}
