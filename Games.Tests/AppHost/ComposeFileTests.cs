extern alias Bot;

using System.Text.RegularExpressions;

namespace Games.Tests.AppHost;

/// <summary>No Docker engine runs where these tests do: they hold the compose file and the Dockerfile to the names that the code goes by.</summary>
public sealed partial class ComposeFileTests
{
    private static readonly string Root = RootOf(AppContext.BaseDirectory);
    private static readonly string Compose = File.ReadAllText(Path.Combine(Root, "docker-compose.yml"));
    private static readonly string Dockerfile = File.ReadAllText(Path.Combine(Root, "Dockerfile"));

    [Fact]
    public void It_is_the_whole_system() =>
        Assert.Equal(["postgres", "rabbitmq", "migrate", "api", "bot", "discord", "ops"], ServiceNames());

    [Theory]
    [InlineData("api", "5080", "/health/ready")]
    [InlineData("bot", "5081", "/health/ready")]
    [InlineData("discord", "5082", "/_fake/settings")]
    public void A_service_is_built_published_and_asked_for_its_health_on_its_own_port(string service, string port, string path)
    {
        var settings = SettingsOf(service);
        var image = Dockerfile[Dockerfile.IndexOf($"FROM runtime AS {service}", StringComparison.Ordinal)..];

        Assert.Contains($"target: {service}", settings);
        Assert.Contains($":{port}:{port}\"", settings);
        Assert.Contains($"http://127.0.0.1:{port}{path}", settings);
        Assert.Equal(service != "discord", settings.Contains(": *connections"));
        Assert.Contains($"ASPNETCORE_URLS=http://+:{port}", image);
    }

    [Fact]
    public void The_operators_console_is_in_the_image_of_the_API_and_runs_when_it_is_called_whoever_is_down()
    {
        var settings = SettingsOf("ops");
        var image = Dockerfile.Split("FROM runtime AS ").Single(stage => stage.StartsWith("api\n", StringComparison.Ordinal));

        Assert.Contains("target: api", settings);
        Assert.Contains("profiles: [\"ops\"]", settings);
        Assert.Contains("environment: *connections", settings);
        Assert.Contains("entrypoint: [\"dotnet\", \"/app/ops/Games.Ops.dll\"]", settings);
        Assert.Contains("--output /published/ops", Dockerfile);
        Assert.Contains("WORKDIR /app\n", Dockerfile);
        Assert.Contains("COPY --from=build /published/ops ops\n", image);
        Assert.Empty(NeedsOf("ops"));
        Assert.DoesNotContain("ports:", settings);
    }

    [Fact]
    public void Nobody_starts_before_what_they_need()
    {
        Assert.Equal(["postgres: service_healthy"], NeedsOf("migrate"));
        Assert.Equal(["migrate: service_completed_successfully", "postgres: service_healthy"], NeedsOf("api"));
        Assert.Equal(["migrate: service_completed_successfully", "postgres: service_healthy", "rabbitmq: service_healthy"], NeedsOf("bot"));
        Assert.Contains("command: [\"--migrate\"]", SettingsOf("migrate"));
    }

    [Fact]
    public void The_bot_speaks_to_the_stand_in_until_it_is_given_a_token_and_the_address_of_Discord()
    {
        var settings = SettingsOf("bot");

        Assert.Contains("Discord__Token: ${Discord__Token:-local.stand.in}\n", settings);
        Assert.Contains("Discord__BaseAddress: ${Discord__BaseAddress:-http://discord:5082/api/v10/}\n", settings);
        // Without a value: as in the shell, or not there at all. An empty channel would be none of Discord's.
        Assert.Contains("Discord__Channels__0:\n", settings);
        Assert.All(
            BotSetting.Matches(settings).Select(setting => setting.Groups[1].Value).Distinct(),
            setting => Assert.NotNull(typeof(Bot::Games.Bot.DiscordOptions).GetProperty(setting)));
    }

    [Fact]
    public void The_connection_strings_have_the_keys_and_the_logins_that_the_servers_have()
    {
        Assert.Contains("ConnectionStrings__Games: Host=postgres;Port=5432;Username=games;Password=games;Database=games", Compose);
        Assert.Contains("ConnectionStrings__RabbitMq: amqp://games:games@rabbitmq:5672/", Compose);
        Assert.All(["POSTGRES_USER: games", "POSTGRES_PASSWORD: games", "POSTGRES_DB: games"], line => Assert.Contains(line, SettingsOf("postgres")));
        Assert.All(["RABBITMQ_DEFAULT_USER: games", "RABBITMQ_DEFAULT_PASS: games"], line => Assert.Contains(line, SettingsOf("rabbitmq")));
    }

    [Theory]
    [InlineData("Games.Api")]
    [InlineData("Games.Bot")]
    [InlineData("Games.FakeDiscord")]
    [InlineData("Games.Ops")]
    public void The_image_restores_every_project_that_a_program_is_made_of(string project)
    {
        foreach (var needed in ProjectsOf($"{project}/{project}.csproj"))
            Assert.Contains($"COPY {needed} {Path.GetDirectoryName(needed)}/\n", Dockerfile);
        Assert.Contains($"dotnet restore {project}", Dockerfile);
    }

    [Theory]
    [InlineData("api", "Games.Api")]
    [InlineData("bot", "Games.Bot")]
    [InlineData("discord", "Games.FakeDiscord")]
    public void A_service_is_the_entry_point_of_its_image(string target, string project)
    {
        var image = Dockerfile[Dockerfile.IndexOf($"FROM runtime AS {target}", StringComparison.Ordinal)..];
        var entryPoint = image[image.IndexOf("ENTRYPOINT", StringComparison.Ordinal)..].Split('\n')[0];

        Assert.Equal($"ENTRYPOINT [\"dotnet\", \"{project}.dll\"]", entryPoint);
    }

    [Fact]
    public void The_services_do_not_run_as_root() => Assert.Contains("USER $APP_UID", Dockerfile);

    private static List<string> ServiceNames() =>
        [.. Services().Split('\n').Where(line => ServiceName.IsMatch(line)).Select(line => line.Trim().TrimEnd(':'))];

    private static string SettingsOf(string service)
    {
        var lines = Services().Split('\n').SkipWhile(line => line != $"  {service}:").Skip(1).TakeWhile(line => !ServiceName.IsMatch(line));
        return string.Join('\n', lines);
    }

    private static List<string> NeedsOf(string service) =>
        [.. Need.Matches(SettingsOf(service)).Select(need => $"{need.Groups[1].Value}: {need.Groups[2].Value}")];

    private static string Services()
    {
        var start = Compose.IndexOf("\nservices:\n", StringComparison.Ordinal);
        return Compose[start..Compose.IndexOf("\nvolumes:\n", start, StringComparison.Ordinal)];
    }

    private static HashSet<string> ProjectsOf(string project)
    {
        var folder = Path.GetDirectoryName(project)!;
        var direct = Reference.Matches(File.ReadAllText(Path.Combine(Root, project)))
            .Select(reference => Path.GetRelativePath(Root, Path.GetFullPath(Path.Combine(Root, folder, reference.Groups[1].Value))));
        return [project, .. direct.SelectMany(ProjectsOf)];
    }

    private static string RootOf(string folder) =>
        File.Exists(Path.Combine(folder, "Games.sln")) ? folder : RootOf(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder))!);

    [GeneratedRegex("^  [a-z]+:$")]
    private static partial Regex ServiceName { get; }

    [GeneratedRegex(@"      (\w+):\n        condition: (\w+)")]
    private static partial Regex Need { get; }

    [GeneratedRegex("      Discord__([A-Za-z]+)")]
    private static partial Regex BotSetting { get; }

    [GeneratedRegex("ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex Reference { get; }
}
