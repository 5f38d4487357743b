extern alias Bot;

using System.Text.RegularExpressions;
using Games.Tests.Architecture;
using Games.Tests.Deploy;

namespace Games.Tests.AppHost;

/// <summary>No Docker engine runs where these tests do: they hold the compose files to the names that the code and the images go by.</summary>
public sealed partial class ComposeFileTests
{
    private const string OneNode = "docker-compose.yml";
    private const string SeveralNodes = "docker-compose.cluster.yml";

    private static readonly string[] PostgresLogin = ["POSTGRES_USER: games\n", "POSTGRES_PASSWORD: games\n", "POSTGRES_DB: games\n"];
    private static readonly string[] RabbitMqLogin = ["RABBITMQ_DEFAULT_USER: games\n", "RABBITMQ_DEFAULT_PASS: games\n"];

    [Theory]
    [InlineData(OneNode, "postgres", "rabbitmq", "migrate", "api", "bot", "discord", "ops")]
    [InlineData(
        SeveralNodes, "postgres", "standby", "rabbitmq1", "rabbitmq2", "rabbitmq3", "migrate", "api", "proxy", "bot", "discord", "ops")]
    public void It_is_the_whole_system(string file, params string[] services) => Assert.Equal(services, new ComposeFile(file).ServiceNames);

    [Theory]
    [InlineData(OneNode, "api", "5080", "/health/ready")]
    [InlineData(OneNode, "bot", "5081", "/health/ready")]
    [InlineData(OneNode, "discord", "5082", "/_fake/settings")]
    [InlineData(SeveralNodes, "api", "5080", "/health/ready")]
    [InlineData(SeveralNodes, "bot", "5081", "/health/ready")]
    [InlineData(SeveralNodes, "discord", "5082", "/_fake/settings")]
    public void A_service_is_its_image_and_asked_for_its_health_on_its_own_port(string file, string service, string port, string path)
    {
        var settings = new ComposeFile(file).SettingsOf(service);
        var image = ContainerSettings.Of(service);

        Assert.Contains($"<<: *program\n    image: {image.Repository}\n", settings);
        // Of two on one machine neither has the port.
        Assert.Equal(!settings.Contains("replicas: 2"), settings.Contains($"- \"127.0.0.1:{port}:{port}\""));
        Assert.Contains($"http://127.0.0.1:{port}{path}", settings);
        Assert.Equal(service != "discord", settings.Contains(": *connections"));
        Assert.Equal((port, $"http://+:{port}"), (image.Port, image.Urls));
    }

    [Theory]
    [InlineData(OneNode)]
    [InlineData(SeveralNodes)]
    public void A_program_of_ours_is_made_here_and_may_do_no_more_than_it_needs(string file)
    {
        var program = Yaml.DocumentsOf(file).Single()["x-program"]!.ToJsonString();

        Assert.Equal(
            """{"pull_policy":"never","read_only":true,"tmpfs":["/tmp"],"cap_drop":["ALL"],"security_opt":["no-new-privileges:true"]}""", program);
        Assert.Contains("dotnet build deploy/images.proj && docker compose ", new ComposeFile(file).Text.Split('\n')[0]);
    }

    [Theory]
    [InlineData(OneNode)]
    [InlineData(SeveralNodes)]
    public void The_operators_console_is_in_the_image_of_the_API_and_runs_when_it_is_called_whoever_is_down(string file)
    {
        var settings = new ComposeFile(file).SettingsOf("ops");

        Assert.Contains("image: games-api\n", settings);
        Assert.Contains("profiles: [\"ops\"]", settings);
        Assert.Contains("environment: *connections", settings);
        Assert.Contains("entrypoint: [\"dotnet\", \"/app/ops/Games.Ops.dll\"]", settings);
        Assert.Empty(new ComposeFile(file).NeedsOf("ops"));
        Assert.DoesNotContain("ports:", settings);
    }

    [Theory]
    [InlineData(OneNode, "rabbitmq")]
    [InlineData(SeveralNodes, "rabbitmq1", "rabbitmq2", "rabbitmq3")]
    public void Nobody_starts_before_what_they_need(string file, params string[] brokers)
    {
        var compose = new ComposeFile(file);
        string[] database = ["migrate: service_completed_successfully", "postgres: service_healthy"];

        Assert.Equal(["postgres: service_healthy"], compose.NeedsOf("migrate"));
        Assert.Equal(database, compose.NeedsOf("api"));
        Assert.Equal([.. database, .. brokers.Select(broker => $"{broker}: service_healthy")], compose.NeedsOf("bot"));
        Assert.Contains("command: [\"--migrate\"]", compose.SettingsOf("migrate"));
    }

    [Theory]
    [InlineData(OneNode)]
    [InlineData(SeveralNodes)]
    public void The_bot_speaks_to_the_stand_in_until_it_is_given_a_token_and_the_address_of_Discord(string file)
    {
        var settings = new ComposeFile(file).SettingsOf("bot");

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
        var compose = new ComposeFile(OneNode);

        Assert.Contains("ConnectionStrings__Games: Host=postgres;Port=5432;Username=games;Password=games;Database=games\n", compose.Text);
        Assert.Contains("ConnectionStrings__RabbitMq: amqp://games:games@rabbitmq:5672/\n", compose.Text);
        Assert.All(PostgresLogin, line => Assert.Contains(line, compose.SettingsOf("postgres")));
        Assert.All(RabbitMqLogin, line => Assert.Contains(line, compose.SettingsOf("rabbitmq")));
    }

    [Fact]
    public void The_connection_strings_of_several_nodes_name_each_and_say_which_database_and_which_queues()
    {
        var compose = new ComposeFile(SeveralNodes);
        const string Database =
            "Host=postgres,standby;Port=5432;Username=games;Password=games;Database=games;Target Session Attributes=primary";

        Assert.Contains($"ConnectionStrings__Games: {Database}\n", compose.Text);
        Assert.Contains("ConnectionStrings__RabbitMq: amqp://games:games@rabbitmq1:5672,rabbitmq2:5672,rabbitmq3:5672/\n", compose.Text);
        Assert.Contains("RabbitMq__Quorum: \"true\"\n", compose.Text);
        Assert.All(PostgresLogin, line => Assert.Contains(line, compose.SettingsOf("postgres")));
        Assert.All(RabbitMqLogin, line => Assert.Contains(line, compose.Text));
    }

    [Fact]
    public void The_nodes_of_RabbitMQ_are_those_that_its_configuration_looks_for()
    {
        var compose = new ComposeFile(SeveralNodes);
        var found = Node.Matches(TextOf("rabbitmq.conf")).Select(node => node.Groups[1].Value).ToArray();

        Assert.Equal(compose.ServiceNames.Where(service => service.StartsWith("rabbitmq", StringComparison.Ordinal)), found);
        Assert.All(found, node =>
        {
            Assert.Contains($"hostname: {node}\n", compose.SettingsOf(node));
            Assert.Contains($"- {node}:/var/lib/rabbitmq\n", compose.SettingsOf(node));
            Assert.Contains("- ./deploy/compose/rabbitmq.conf:/etc/rabbitmq/conf.d/20-cluster.conf:ro", compose.SettingsOf(node));
        });
        Assert.Contains($"cluster_formation.target_cluster_size_hint = {found.Length}\n", TextOf("rabbitmq.conf"));
    }

    [Fact]
    public void The_proxy_knows_the_port_and_the_health_of_the_APIs_and_they_believe_it_who_asks()
    {
        var compose = new ComposeFile(SeveralNodes);

        Assert.Contains("- \"127.0.0.1:5080:5080\"", compose.SettingsOf("proxy"));
        Assert.Contains("- ./deploy/compose/haproxy.cfg:", compose.SettingsOf("proxy"));
        Assert.Equal(["api: service_healthy"], compose.NeedsOf("proxy"));
        Assert.Contains("bind :5080\n", TextOf("haproxy.cfg"));
        Assert.Contains("option httpchk GET /health/ready\n", TextOf("haproxy.cfg"));
        Assert.Matches(@"server-template api 1-\d api:5080\n", TextOf("haproxy.cfg"));
        Assert.Contains("option forwardfor\n", TextOf("haproxy.cfg"));
        Assert.Contains("ASPNETCORE_FORWARDEDHEADERS_ENABLED: \"true\"\n", compose.SettingsOf("api"));
    }

    [Fact]
    public void The_standby_follows_the_primary_which_lets_it_in()
    {
        var compose = new ComposeFile(SeveralNodes);

        Assert.Contains("- ./deploy/compose/replication.sh:/docker-entrypoint-initdb.d/", compose.SettingsOf("postgres"));
        Assert.Contains("host replication games all", TextOf("replication.sh"));
        Assert.Contains("- ./deploy/compose/standby.sh:/standby.sh:ro", compose.SettingsOf("standby"));
        Assert.Contains("entrypoint: [\"bash\", \"/standby.sh\"]", compose.SettingsOf("standby"));
        Assert.Contains("--host=postgres --username=games", TextOf("standby.sh"));
        Assert.Equal(["postgres: service_healthy"], compose.NeedsOf("standby"));
    }

    private static string TextOf(string file) => File.ReadAllText(Repository.PathOf($"deploy/compose/{file}"));

    [GeneratedRegex("      Discord__([A-Za-z]+)")]
    private static partial Regex BotSetting { get; }

    [GeneratedRegex(@"\.nodes\.\d = rabbit@(\w+)\n")]
    private static partial Regex Node { get; }
}
