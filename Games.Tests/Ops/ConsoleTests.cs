extern alias Ops;

using System.Diagnostics;
using Games.Tests.Api;
using Games.Tests.Journal;
using Games.Tests.Servers;

namespace Games.Tests.Ops;

/// <summary>What every verb has alike: help, unknown words, completion, and how it ends when it is interrupted or nobody reads it.</summary>
public sealed class ConsoleTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string Assembly = typeof(Ops::Program).Assembly.Location;

    [Fact]
    public async Task Without_a_verb_it_shows_those_that_there_are()
    {
        Shows(["outbox", "events", "doctor"], await SucceedsAsync());
        Shows(["status", "list", "show", "retry", "discard", "pause", "resume"], await SucceedsAsync("outbox"));
        Shows(["publish", "list", "show", "tail"], await SucceedsAsync("events"));

        static void Shows(string[] verbs, string[] help) =>
            Assert.All(verbs, verb => Assert.Contains(help, line => line.StartsWith($"{verb} ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("outbox", "--help")]
    [InlineData("outbox", "list", "--help")]
    [InlineData("events", "tail", "-h")]
    [InlineData("doctor", "-?")]
    public async Task Every_level_has_help_that_needs_no_setting(params string[] arguments) =>
        Assert.Contains(await SucceedsAsync(arguments), line => line.StartsWith("Games.Ops ", StringComparison.Ordinal));

    [Theory]
    [InlineData("[default: games:read and games:write]", "keys", "create")]
    [InlineData("retry <N|--all>", "outbox")]
    [InlineData("retry <GAME|--all>", "announcements")]
    public async Task Help_shows_what_may_stand_there(string shown, params string[] verb) =>
        Assert.Contains(await SucceedsAsync([.. verb, "--help"]), line => line.Contains(shown));

    [Theory]
    [InlineData("There are: outbox, events, keys, announcements, doctor.", "bury")]
    [InlineData("There are: status, list, show, retry, discard, pause, resume.", "outbox", "bury")]
    [InlineData("There are: publish, list, show, tail, retry, discard.", "events", "bury")]
    [InlineData("There are: create, list, revoke.", "keys", "bury")]
    [InlineData("There are: retry.", "announcements", "bury")]
    public async Task An_unknown_word_is_answered_with_those_that_are_known(string known, params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?>(), arguments);

        Assert.Equal((1, 0), (outcome.ExitCode, outcome.Output.Length));
        Assert.Contains(outcome.Errors, line => line.Contains("'bury'"));
        Assert.Contains(outcome.Errors, line => line.StartsWith(known, StringComparison.Ordinal));
        Assert.DoesNotContain(outcome.Errors, line => line.StartsWith("at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("NAME is missing: Whose it is", "keys", "create")]
    [InlineData("TYPE is missing: What happened", "events", "publish")]
    [InlineData("NAME|ID is missing: ", "keys", "revoke")]
    public async Task An_argument_that_is_missing_is_named(string named, params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?>(), arguments);

        Assert.Equal((1, 0), (outcome.ExitCode, outcome.Output.Length));
        Assert.Contains(outcome.Errors, line => line.StartsWith(named, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("an id", "announcements", "retry", "abc")]
    [InlineData("an id", "events", "publish", "a.b", "--id", "abc")]
    [InlineData("a number", "events", "list", "--limit", "abc")]
    [InlineData("a number", "outbox", "list", "--limit", "1.5")]
    [InlineData("a number", "outbox", "retry", "abc")]
    [InlineData("a number", "doctor", "--older-than", "abc")]
    public async Task A_value_that_is_none_is_one_line_that_says_what_is_asked_for(string asked, params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?>(), arguments);

        Assert.Equal((1, 0), (outcome.ExitCode, outcome.Output.Length));
        Assert.Contains($"Cannot parse argument '{arguments[^1]}'", outcome.Errors[0]);
        Assert.Contains($" as {asked}", outcome.Errors[0]);
        Assert.DoesNotContain(outcome.Errors, line => line.Contains("System.") || line.StartsWith("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Called_by_the_script_it_speaks_of_the_script_and_its_run()
    {
        var script = new Dictionary<string, string?> { ["GAMES_RUN"] = "/somewhere/.run" };

        var help = await ServiceProcess.RunAsync(Assembly, script, "keys", "create", "--help");
        var unknown = await ServiceProcess.RunAsync(Assembly, script, "bury");
        var noRun = await ServiceProcess.RunAsync(Assembly, script, "doctor");

        Assert.Contains(help.Output, line => line.StartsWith("./games keys create <name>", StringComparison.Ordinal));
        Assert.DoesNotContain(help.Output, line => line.Contains("Games.Ops "));
        Assert.Contains("There are: outbox, events, keys, announcements, doctor, broker, database. Each has --help.", unknown.Errors);
        Assert.StartsWith("Games does not run on /somewhere/.run, or has not started yet.", Assert.Single(noRun.Errors));
    }

    [Theory]
    [InlineData("Games.Ops out", "outbox")]
    [InlineData("Games.Ops events ta", "tail")]
    [InlineData("Games.Ops outbox list --state ", "Dead", "Pending", "Scheduled")]
    public async Task A_shell_is_told_how_a_word_may_go_on(string line, params string[] words) =>
        Assert.Equal(words, await SucceedsAsync($"[suggest:{line.Length}]", line));

    [Theory]
    [InlineData("events", "list")]
    [InlineData("events", "show", "{0}")]
    [InlineData("events", "publish", "test.event")]
    [InlineData("outbox", "status")]
    [InlineData("outbox", "list")]
    [InlineData("outbox", "retry", "--all")]
    [InlineData("outbox", "pause")]
    [InlineData("outbox", "resume")]
    [InlineData("doctor")]
    [InlineData("doctor", "--json")]
    [InlineData("--help")]
    public async Task A_verb_whose_reader_is_gone_ends_quietly(params string[] arguments)
    {
        await using var events = new EventsTable(database.ConnectionString);
        var id = await events.InsertAsync("test.event");
        using var verb = Start([.. arguments.Select(x => x.Replace("{0}", $"{id}"))]);
        verb.StandardOutput.Close();

        await EndsQuietlyAsync(verb);
    }

    [Theory]
    [InlineData("events", "tail")]
    [InlineData("events", "tail", "--json")]
    public async Task A_tail_whose_reader_is_gone_ends_with_the_next_event(params string[] arguments)
    {
        await using var events = new EventsTable(database.ConnectionString);
        using var verb = Start(arguments);
        Assert.Equal("Following the journal.", await verb.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));
        verb.StandardOutput.Close();
        await events.InsertAsync("test.event");

        await EndsQuietlyAsync(verb);
    }

    [Fact]
    public async Task A_verb_that_waits_for_standard_input_ends_with_Ctrl_C_and_says_how_far_it_got()
    {
        await using var verb = RunningVerb.Start(database.ConnectionString, "publish", "-", "--source", "test");
        await verb.WriteAsync("""{"eventType":"line.one"}""");
        await verb.ShowsAsync(1);

        Assert.Equal(130, await verb.InterruptAsync());
        Assert.Equal("Stopped: of the lines up to 1 1 are published and 0 refused; from line 2 on none is known to be.", Assert.Single(verb.Errors));
    }

    private static async Task<string[]> SucceedsAsync(params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?>(), arguments);
        Assert.Equal((0, ""), (outcome.ExitCode, string.Join('\n', outcome.Errors)));

        return outcome.Output;
    }

    /// <summary>As a process that SIGPIPE ended, whose exit code the shell makes 141.</summary>
    private static async Task EndsQuietlyAsync(Process verb)
    {
        var errors = await verb.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30));
        await verb.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((141, ""), (verb.ExitCode, errors));
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ConnectionStrings__Games"] = database.ConnectionString;
        start.Environment["ConnectionStrings__RabbitMq"] = ApiHost.NoBroker;
        return Process.Start(start)!;
    }
}
