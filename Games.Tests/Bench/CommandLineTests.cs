using System.CommandLine;
using Games.Bench.Commands;
using Games.Bench.Running;
using Npgsql;

namespace Games.Tests.Bench;

public sealed class CommandLineTests
{
    private static readonly Command[] Commands =
    [
        LoadCommand.Create(),
        LatencyCommand.Create(),
        DrainCommand.Create(),
        BacklogCommand.Create(),
        EventsCommand.Create(),
        ListsCommand.Create(),
        CompareCommand.Create(),
        SoakCommand.Create(),
        ChaosCommand.Create(),
    ];

    [Fact]
    public void Every_command_runs_without_an_option() => Assert.All(Commands, command => Assert.Empty(command.Parse([]).Errors));

    [Fact]
    public void Every_command_and_every_option_says_what_it_is_for() =>
        Assert.All(Commands, command =>
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description));
            Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        });

    [Theory]
    [InlineData("load", "--games", "0")]
    [InlineData("load", "--games", "1000001")]
    [InlineData("load", "--clients", "1025")]
    [InlineData("load", "--timeout", "0")]
    [InlineData("latency", "--rate", "5001")]
    [InlineData("latency", "--seconds", "3601")]
    [InlineData("drain", "--messages", "-1")]
    [InlineData("backlog", "--pending", "0")]
    [InlineData("lists", "--games", "99")]
    [InlineData("compare", "--rounds", "21")]
    [InlineData("soak", "--parts", "0")]
    [InlineData("events", "--rows", "0")]
    [InlineData("events", "--rows", "abc")]
    [InlineData("events", "--idle", "3601")]
    [InlineData("chaos", "--games", "199")]
    [InlineData("chaos", "--faults", "8")]
    public void No_run_is_without_an_end(string command, string option, string value)
    {
        var errors = Commands.Single(one => one.Name == command).Parse([option, value]).Errors;

        Assert.Contains(option, Assert.Single(errors).Message);
    }

    [Theory]
    [InlineData("--api", "somewhere")]
    [InlineData("--api", "ftp://127.0.0.1")]
    [InlineData("--bot", "somewhere")]
    public void An_address_is_a_url(string option, string address) =>
        Assert.Contains($"{option} must be", Assert.Single(DrainCommand.Create().Parse([option, address]).Errors).Message);

    [Theory]
    [InlineData("--api")]
    [InlineData("--bot")]
    public void An_address_that_is_a_url_is_taken(string option) =>
        Assert.Equal(new Uri("http://127.0.0.1:6000"), DrainCommand.Create().Parse([option, "http://127.0.0.1:6000"]).GetValue<Uri>(option));

    [Theory]
    [InlineData("http://127.0.0.1:5080", true)]
    [InlineData("http://127.9.9.9", true)]
    [InlineData("http://localhost:5080", true)]
    [InlineData("http://[::1]:5080", true)]
    [InlineData("http://10.0.0.1", false)]
    [InlineData("http://[2001:db8::1]", false)]
    [InlineData("http://example.org", false)]
    [InlineData("http://127.0.0.1.example.org", false)]
    [InlineData("http://localhost.example.org", false)]
    [InlineData("http://127.0.0.1@example.org", false)]
    public void Load_stays_on_this_machine(string api, bool here) => Assert.Equal(here, Loopback.IsLocal(new Uri(api)));

    [Theory]
    [InlineData("Host=127.0.0.1", true)]
    [InlineData("Host=localhost:5433", true)]
    [InlineData("Host=/var/run/postgresql", true)]
    [InlineData("Host=::1", true)]
    [InlineData("Host=127.0.0.1,db.example.org", false)]
    [InlineData("Host=db.example.org", false)]
    [InlineData("Username=nobody", false)]
    public void Databases_are_dropped_on_this_machine_only(string connection, bool here) =>
        Assert.Equal(here, Loopback.IsLocal(new NpgsqlConnectionStringBuilder(connection)));

    [Theory]
    [InlineData("load")]
    [InlineData("latency")]
    [InlineData("drain", "--api-command", "false")]
    public async Task A_remote_host_takes_an_option_of_its_own(params string[] commandLine)
    {
        var command = Commands.Single(one => one.Name == commandLine[0]);

        var exitCode = await command.Parse([.. commandLine[1..], "--api", "http://192.0.2.1", "--games-db", "Host=127.0.0.1"])
            .InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.ThrowsAny<Exception>(() => Loopback.Require(new Uri("http://192.0.2.1"), allowRemote: false));
        Loopback.Require(new Uri("http://192.0.2.1"), allowRemote: true);
    }
}
