extern alias Api;

using System.Text.Json;
using Games.Tests.Servers;

namespace Games.Tests.Api;

public sealed class ApiStartTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static readonly string Assembly = typeof(Api::Program).Assembly.Location;

    [Theory]
    [InlineData(null, ApiHost.NoBroker, "ConnectionStrings:Games")]
    [InlineData("", ApiHost.NoBroker, "ConnectionStrings:Games")]
    [InlineData("not=a connection string", ApiHost.NoBroker, "ConnectionStrings:Games")]
    [InlineData("Username=games;Database=games", ApiHost.NoBroker, "ConnectionStrings:Games")]
    [InlineData("Host=127.0.0.1;Port=1", null, "ConnectionStrings:RabbitMq")]
    [InlineData("Host=127.0.0.1;Port=1", "http://elsewhere", "ConnectionStrings:RabbitMq")]
    public async Task A_connection_string_that_is_missing_or_wrong_ends_it_with_one_line_that_names_the_key(
        string? games, string? rabbitMq, string key)
    {
        var outcome = await ServiceProcess.RunAsync(
            Assembly, new Dictionary<string, string?> { ["ConnectionStrings__Games"] = games, ["ConnectionStrings__RabbitMq"] = rabbitMq });

        Assert.Equal(1, outcome.ExitCode);
        Assert.Empty(outcome.Output);
        Assert.Contains(key, Assert.Single(outcome.Errors));
    }

    [Fact]
    public async Task Migrate_applies_what_is_missing_says_so_and_ends()
    {
        var environment = new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database.ConnectionString };

        var first = await ServiceProcess.RunAsync(Assembly, environment, "--migrate");
        var second = await ServiceProcess.RunAsync(Assembly, environment, "--migrate");

        Assert.Equal(0, first.ExitCode);
        Assert.Contains(first.Output, line => line.Contains("Initial"));
        Assert.Contains(first.Output, line => line.Contains("Journal"));
        Assert.Equal(0, second.ExitCode);
        Assert.Contains("up to date", Assert.Single(second.Output));
        Assert.Empty(first.Errors.Concat(second.Errors));

        environment["Logging__Console__FormatterName"] = "json";
        var line = JsonElement.Parse(Assert.Single((await ServiceProcess.RunAsync(Assembly, environment, "--migrate")).Output));
        Assert.Contains("up to date", line.GetProperty("Message").GetString());
    }

    [Fact]
    public async Task Migrate_without_a_database_server_ends_with_one_line()
    {
        var environment = new Dictionary<string, string?> { ["ConnectionStrings__Games"] = "Host=127.0.0.1;Port=1;Database=games" };

        var outcome = await ServiceProcess.RunAsync(Assembly, environment, "--migrate");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("ConnectionStrings:Games", Assert.Single(outcome.Errors));
    }
}
