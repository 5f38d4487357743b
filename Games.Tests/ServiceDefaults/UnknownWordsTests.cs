extern alias Api;
extern alias Bot;

using System.Net;
using System.Net.Sockets;
using Games.ServiceDefaults;
using Games.Tests.Api;

namespace Games.Tests.ServiceDefaults;

/// <summary>A verb that was meant for the console, or is mistyped, starts no service.</summary>
public sealed class UnknownWordsTests
{
    private static readonly string[] Services = [typeof(Api::Program).Assembly.Location, typeof(Bot::Program).Assembly.Location];

    [Theory]
    [InlineData("evnets", "evnets", "list")]
    [InlineData("outbox", "outbox", "list")]
    [InlineData("--migrat", "--migrat")]
    [InlineData("-x=1", "-x=1")]
    [InlineData("doctor", "--urls", "http://127.0.0.1:1", "doctor")]
    public async Task A_word_that_a_service_does_not_know_ends_it_with_one_line(string word, params string[] arguments)
    {
        foreach (var service in Services)
        {
            var outcome = await ServiceProcess.RunAsync(service, new Dictionary<string, string?>(), arguments);

            Assert.Equal((2, 0), (outcome.ExitCode, outcome.Output.Length));
            var line = Assert.Single(outcome.Errors);
            Assert.StartsWith($"{Path.GetFileNameWithoutExtension(service)} does not know '{word}'", line);
            Assert.Contains("--help", line);
        }
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--urls", "http://127.0.0.1:1", "-h")]
    public async Task Help_needs_no_setting(params string[] arguments)
    {
        foreach (var service in Services)
        {
            var outcome = await ServiceProcess.RunAsync(service, new Dictionary<string, string?>(), arguments);

            Assert.Equal((0, 0), (outcome.ExitCode, outcome.Errors.Length));
            Assert.Contains(outcome.Output, line => line.StartsWith("--ConnectionStrings:Games"));
            Assert.Equal(service == Services[0], outcome.Output.Any(line => line.StartsWith("--migrate")));
        }
    }

    [Theory]
    [InlineData("--ConnectionStrings:Games=Host=127.0.0.1;Port=1", "--ConnectionStrings:RabbitMq=http://elsewhere")]
    [InlineData("--ConnectionStrings:Games", "Host=127.0.0.1;Port=1", "--ConnectionStrings:RabbitMq", "http://elsewhere")]
    [InlineData("/ConnectionStrings:Games=Host=127.0.0.1;Port=1", "/ConnectionStrings:RabbitMq=http://elsewhere")]
    [InlineData("ConnectionStrings:Games=Host=127.0.0.1;Port=1", "/ConnectionStrings:RabbitMq", "http://elsewhere")]
    public async Task Settings_are_taken_in_every_notation_of_dotnet(params string[] arguments)
    {
        foreach (var service in Services)
        {
            var outcome = await ServiceProcess.RunAsync(service, new Dictionary<string, string?>(), arguments);

            Assert.Equal(1, outcome.ExitCode);
            Assert.Contains("ConnectionStrings:RabbitMq is not of the form amqp://", Assert.Single(outcome.Errors));
        }
    }

    [Theory]
    [InlineData("--migrate", "--ConnectionStrings:Games=Host=127.0.0.1;Port=1;Database=games")]
    [InlineData("--ConnectionStrings:Games", "Host=127.0.0.1;Port=1;Database=games", "--migrate")]
    public async Task An_option_without_a_value_takes_no_setting_for_one(params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(Services[0], new Dictionary<string, string?>(), arguments);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("cannot be migrated", Assert.Single(outcome.Errors));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line_that_names_the_option()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        foreach (var service in Services)
        {
            var outcome = await ServiceProcess.RunAsync(
                service, new Dictionary<string, string?>(), "--ConnectionStrings:Games=Host=127.0.0.1;Port=1;Database=games",
                "--ConnectionStrings:RabbitMq=amqp://guest:guest@127.0.0.1:1/", $"--urls=http://{other.LocalEndpoint}");

            Assert.Equal(1, outcome.ExitCode);
            Assert.Equal(
                $"Failed to bind to address http://{other.LocalEndpoint}: address already in use: choose another with --urls.",
                Assert.Single(outcome.Errors));
        }
    }

    [Fact]
    public void What_is_empty_is_no_word() => Assert.Null(new[] { "", "--urls", "", "a=b" }.Answer("Games.Bot"));
}
