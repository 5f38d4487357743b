extern alias Api;

using Games.Data;
using Games.ServiceDefaults;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Ops;
using Games.Tests.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Outages;

/// <summary>Servers that tell of an older version than they are.</summary>
public sealed class OldServerTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private const string OldDatabase = "PostgreSQL 14";
    private const string OldBroker = "RabbitMQ 3.9";

    [Fact]
    public async Task An_old_database_is_not_migrated_and_no_service_is_ready_on_it()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using (var connection = new NpgsqlConnection(database.ConnectionString))
        {
            await connection.OpenAsync();
            line.Rename($"server_version\0{connection.PostgreSqlVersion.Major}", "server_version\014");
        }

        var environment = new Dictionary<string, string?> { ["ConnectionStrings__Games"] = through };

        var migrate = await ServiceProcess.RunAsync(typeof(Api::Program).Assembly.Location, environment, "--migrate");
        Assert.Equal(1, migrate.ExitCode);
        Assert.StartsWith($"ConnectionStrings:Games: {OldDatabase}", Assert.Single(migrate.Errors));

        await using var api = new ApiHost(through, broker.ConnectionString, null, ("environment", "Production"));
        await using var bot = new BotHost(through, broker.ConnectionString);
        using var apiClient = api.CreateClient();
        using var botClient = bot.CreateClient();
        await SaysAsync(apiClient, OldDatabase);
        await SaysAsync(botClient, OldDatabase);

        var (_, findings) = await new Doctor(through, broker.ConnectionString).ExamineAsync();
        Assert.Contains(OldDatabase, Doctor.Saw(findings, "database"));
    }

    [Fact]
    public async Task From_an_old_broker_nothing_is_consumed_until_a_newer_one_answers()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using (var connection = await new ConnectionFactory { Uri = new(broker.ConnectionString) }.CreateConnectionAsync())
        {
            var version = connection.ServerVersion();
            line.Rename(Told(version), Told("3.9.".PadRight(version.Length, '9')));
        }

        await using var host = new BotHost(database.ConnectionString, through);
        using var bot = host.CreateClient();
        await SaysAsync(bot, OldBroker);
        await Until.TrueAsync(() => host.Log.Lines.Any(text => text.Contains(OldBroker)), "the log says so");
        var (_, findings) = await new Doctor(database.ConnectionString, through).ExamineAsync();
        Assert.Contains(OldBroker, Doctor.Saw(findings, "broker"));

        line.Rename("", "");
        line.Cut();
        await bot.ReadyAsync();

        // A long string in the table of what the server tells of itself.
        static string Told(string version) => $"versionS\0\0\0{(char)version.Length}{version}";
    }

    [Theory]
    [InlineData("3.9.29", true)]
    [InlineData("3.10.0", false)]
    [InlineData("4.1.0-rc.1", false)]
    [InlineData("", false)]
    public void A_broker_is_refused_by_its_version_if_it_tells_one(string version, bool isRefused) =>
        Assert.Equal(isRefused, OldestServer.FindRefusalOfBroker(version) is not null);

    private static Task SaysAsync(HttpClient service, string text) => Until.TrueAsync(
        async () => (await (await service.GetAsync("/health/ready")).Content.ReadAsStringAsync()).Contains(text), $"it is not ready: {text}");
}
