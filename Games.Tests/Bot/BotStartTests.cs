extern alias Bot;

using Games.Tests.Api;

namespace Games.Tests.Bot;

public sealed class BotStartTests
{
    [Theory]
    [InlineData(null, ApiHost.NoBroker, "ConnectionStrings:Games")]
    [InlineData("Host=127.0.0.1;Port=1", null, "ConnectionStrings:RabbitMq")]
    public async Task A_missing_connection_string_ends_it_with_one_line_that_names_the_key(string? games, string? rabbitMq, string key)
    {
        var outcome = await ServiceProcess.RunAsync(
            typeof(Bot::Program).Assembly.Location,
            new Dictionary<string, string?> { ["ConnectionStrings__Games"] = games, ["ConnectionStrings__RabbitMq"] = rabbitMq });

        Assert.Equal(1, outcome.ExitCode);
        Assert.Empty(outcome.Output);
        Assert.Contains(key, Assert.Single(outcome.Errors));
    }

    [Theory]
    [InlineData("Journal:BatchLimit", "0")]
    [InlineData("Journal:BatchLimit", "abc")]
    [InlineData("Journal:MaxRetryDelay", "00:00:00.5")]
    [InlineData("Outbox:Lease", "00:00:00")]
    [InlineData("Outbox:Lease", "soon")]
    [InlineData("Outbox:CleanUpInterval", "72:00:00")]
    [InlineData("Journal:CleanUpInterval", "72:00:00")]
    [InlineData("Ingestion:StalledAfter", "00:00:00")]
    [InlineData("Discord:Channels:0", "general", "Discord:Channels")]
    [InlineData("Discord:UserId", "me")]
    [InlineData("Discord:ApplicationId", "mine")]
    [InlineData("Discord:Token", "Bot x")]
    [InlineData("Discord:BaseAddress", "discord.com")]
    [InlineData("Discord:PublicBaseAddress", "ftp://games.example")]
    public async Task A_setting_that_breaks_its_rule_ends_it_with_one_line_that_names_the_key(string key, string value, string? named = null)
    {
        var outcome = await ServiceProcess.RunAsync(
            typeof(Bot::Program).Assembly.Location,
            new Dictionary<string, string?>
            {
                ["ConnectionStrings__Games"] = "Host=127.0.0.1;Port=1",
                ["ConnectionStrings__RabbitMq"] = ApiHost.NoBroker,
                [key.Replace(":", "__")] = value,
            });

        Assert.Equal(1, outcome.ExitCode);
        Assert.Empty(outcome.Output);
        Assert.Contains(named ?? key, Assert.Single(outcome.Errors));
    }
}
