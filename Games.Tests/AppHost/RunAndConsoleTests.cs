using System.Text.RegularExpressions;
using Games.AppHost.Servers;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.AppHost;

/// <summary>The first hour: what the README says of ./run and ./games, pasted into a shell beside a run.</summary>
public sealed partial class RunAndConsoleTests(TestServers servers)
{
    private const string NewGame = "curl --silent --fail http://localhost:5080/games -H \"Authorization: Bearer $(cat .run/api-key)\" "
        + """--json '{"guildId":"100000000000000001","channelId":"200000000000000001","hostId":"300000000000000001","""
        + """ "title":"Friday raid","scheduledAt":"2031-01-01T20:00:00+01:00"}'""";

    [Fact(Timeout = 300_000)]
    public async Task Games_are_created_while_the_broker_is_stopped_and_announced_once_it_is_started()
    {
        var data = servers.DirectoryOf("stopped-broker");
        using var run = await StartedRun.ReadyAsync(data);
        // Nothing that is as it should be logs an error: neither the first migration nor the doctor.
        Assert.Contains("All is well.", (await SucceedsAsync(run, "./games doctor")).Output);
        Assert.Equal("", string.Join('\n', run.Output.Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase))));

        Assert.DoesNotContain(run.Output, line => line.Contains("was answered 503"));
        Assert.Single(run.Said("migrations applied"));
        Assert.StartsWith($"./games --data {data}", Assert.Single(run.Said("finds this run by itself")));
        Assert.Contains("./games broker [command]", (await SucceedsAsync(run, "./games broker --help")).Output);

        Assert.Contains("RabbitMQ is stopped", (await SucceedsAsync(run, "./games broker stop")).Output);
        Assert.Contains("stopped already", (await SucceedsAsync(run, "./games broker stop")).Output);
        var id = Id.Match((await SucceedsAsync(run, NewGame)).Output).Groups[1].Value;
        var (exitCode, found) = await run.PasteAsync("./games doctor");
        Assert.Equal(1, exitCode);
        Assert.Contains("./games broker start", found);
        Assert.Single(run.Said("RabbitMQ is stopped"));
        Assert.True(run.Process.IsRunning);

        await SucceedsAsync(run, "./games broker start");

        Assert.Contains("runs already", (await SucceedsAsync(run, "./games broker start")).Output);
        await Until.TrueAsync(
            async () => await run.ExecuteAsync($"select true from announcements where game_id = '{id}'") is true, "the game is announced");

        Assert.Contains("PostgreSQL is stopped", (await SucceedsAsync(run, "./games database stop")).Output);
        Assert.Contains("./games database start", (await run.PasteAsync("./games outbox status")).Output);
        Assert.Contains("PostgreSQL runs", (await SucceedsAsync(run, "./games database start")).Output);
        await SucceedsAsync(run, NewGame + " --retry 10");
    }

    [Fact(Timeout = 300_000)]
    public async Task What_the_README_and_the_run_say_works_as_it_is_pasted()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathOf("README.md"), TestContext.Current.CancellationToken);
        var data = servers.DirectoryOf("pasted");
        using var run = await StartedRun.ReadyAsync(data);

        var first = BlockAfter(readme, "Then:").Replace("\ncurl", "\ncurl --silent --fail");
        var story = (await SucceedsAsync(run, first)).Output;
        await run.ShowsInDiscordAsync("Friday raid");
        var variables = first.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.StartsWith("export KEY=") || line.StartsWith("GAME="));
        var second = BlockAfter(readme, "Whoever\nhas joined").Replace("\ncurl", "\ncurl --silent --fail");
        story += (await SucceedsAsync(run, $"{string.Join('\n', variables)}\n{second}")).Output;
        Assert.Contains("\"Friday raid\"", story);
        foreach (var answer in new[] { "201 Created", "\"title\":\"Friday raid\"", "\"seat\":\"playing\"", "\"status\":\"cancelled\"" })
            Assert.Contains(answer, story);

        // The same with Discord's side: a click there is a seat here.
        var discord = await File.ReadAllTextAsync(Repository.PathOf("docs/discord.md"), TestContext.Current.CancellationToken);
        var clicked = (await SucceedsAsync(run, BlockAfter(discord, "beside `./run`:").Replace("\ncurl", "\ncurl --silent --fail"))).Output;
        Assert.Contains("You have a seat in **Chess**", clicked);

        var operate = BlockAfter(readme, "## Operate it").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.True(operate.Length > 3);
        foreach (var line in operate)
            await SucceedsAsync(run, line);

        var export = run.Said("export ConnectionStrings__").ToList();
        Assert.Equal(2, export.Count);
        Assert.Equal(export, await File.ReadAllLinesAsync(Path.Combine(data, "environment"), TestContext.Current.CancellationToken));
        Assert.Contains("-rw-------", (await SucceedsAsync(run, "ls -l .run/environment")).Output);
        Assert.Contains("srw-------", (await SucceedsAsync(run, "ls -l .run/control")).Output);
        // They win over the run that is found.
        await SucceedsAsync(run, $"{string.Join('\n', export)}\ndotnet Games.Ops/bin/*/net10.0/Games.Ops.dll events list");
        const string Elsewhere = "export ConnectionStrings__Games='Host=127.0.0.1;Port=1;Database=games'";
        Assert.Contains("does not answer", (await run.PasteAsync($"{Elsewhere}; bash games events list")).Output);
        // And a folder that is named, as it is wherever a test pastes ./games, wins over them.
        await SucceedsAsync(run, $"{Elsewhere}; ./games events list");

        run.Process.Send(Signal.Term);
        await Until.TrueAsync(() => !run.Process.IsRunning, "the run has stopped");
        using var real = StartedRun.Start(data, new Dictionary<string, string?> { ["Discord__Token"] = "a.secret.token" });
        await Until.TrueAsync(() => !real.Process.IsRunning, "the run with a token has ended", TimeSpan.FromMinutes(1));
        Assert.Equal(1, real.Process.ExitCode);
        Assert.Contains(real.Output, line => line.Contains("are announced in the stand-in, and there is a token now"));
    }

    private static async Task<(int ExitCode, string Output)> SucceedsAsync(StartedRun run, string line)
    {
        var outcome = await run.PasteAsync(line);
        Assert.True(outcome.ExitCode == 0, $"{line}\n{outcome.Output}\n{string.Join('\n', run.Output)}");
        return outcome;
    }

    /// <summary>The first indented block after this text.</summary>
    private static string BlockAfter(string markdown, string text) =>
        Block.Match(markdown, markdown.IndexOf(text, StringComparison.Ordinal)).Value.Replace("\n    ", "\n");

    [GeneratedRegex("\"id\":\"([^\"]+)\"")]
    private static partial Regex Id { get; }

    [GeneratedRegex(@"(?<=\n\n)(    .*\n|\n(?=    ))+")]
    private static partial Regex Block { get; }
}
