using Games.AppHost.Servers;
using Games.Tests.FakeDiscord;
using Games.Tests.Servers;

namespace Games.Tests.AppHost;

/// <summary>./run with a token. The Discord that takes it is played by a stand-in of the test, at the address in its environment.</summary>
public sealed class RealDiscordTests(TestServers servers)
{
    private const string Token = "a.secret.token";

    [Fact(Timeout = 300_000)]
    public async Task It_speaks_to_Discord_itself_shows_the_token_to_the_bot_alone_and_leaves_its_games_to_no_stand_in()
    {
        await using var discord = await StandIn.StartAsync();
        var data = servers.DirectoryOf("real-discord");
        using var run = await StartedRun.ReadyAsync(data, new Dictionary<string, string?>
        {
            ["Discord__Token"] = Token,
            ["Discord__BaseAddress"] = $"{discord.Address}/api/v10/",
            ["Discord__PublicBaseAddress"] = "https://games.example.org/",
            ["Discord__Channels__0"] = StandIn.Channel,
        });

        Assert.Contains("discord.com", Assert.Single(run.Said("Discord  ")));
        Assert.Contains("with the ids of your server and channel", Assert.Single(run.Said("A first game")));
        await ChildProcess.RunAsync(new Command("bash", "-c", $"{run.Said("curl ").Single()} --silent --fail"));
        await Until.TrueAsync(
            async () => (await discord.FakeAsync("GET", StandIn.Messages))["list"]!.AsArray().Count == 1, "the game is in Discord");

        // The other settings of the bot reach it too.
        Assert.Contains("https://games.example.org/games/", (await discord.FakeAsync("GET", StandIn.Messages)).ToJsonString());
        await discord.FakeAsync(
            "POST", "messages", $$"""{"channelId":"{{StandIn.Channel}}","userId":"{{StandIn.Ben}}","content":"kept"}""");
        await Until.TrueAsync(
            async () => await run.ExecuteAsync("select true from discord_messages where content = 'kept'") is true, "the message is kept");

        Assert.DoesNotContain(run.Output, line => line.Contains(Token));
        int[] processes = [.. Processes.DescendantsOf(run.Process.Id).Select(process => process.Id)];
        var commands = processes.Select(Processes.CommandLineOf).ToList();
        Assert.DoesNotContain(commands, command => command.Contains("Games.FakeDiscord") || command.Contains(Token));
        Assert.Contains("Games.Bot.dll", Processes.CommandLineOf(Assert.Single(processes, HasToken)));

        await Until.TrueAsync(
            async () => await run.ExecuteAsync("select message_id is not null from announcements") is true, "the bot knows that it is there");
        run.Process.Send(Signal.Term);
        await Until.TrueAsync(() => !run.Process.IsRunning, "the run had stopped");
        using var without = StartedRun.Start(data);
        await Until.TrueAsync(() => !without.Process.IsRunning, "the run without a token has ended", TimeSpan.FromMinutes(1));
        Assert.Equal(1, without.Process.ExitCode);
        Assert.Contains(without.Output, line => line.Contains($"the games in {data} are announced in Discord itself, and there is no token now"));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_empty_token_is_none()
    {
        var said = await RefusedAsync("--data", servers.DirectoryOf("no-token"), "--discord-token", "");

        Assert.Contains("--discord-token is empty.", said);
    }

    private static async Task<string> RefusedAsync(params string[] arguments)
    {
        var (exitCode, said) = await ChildProcess.RunAsync(StartedRun.CommandOf(arguments), TestContext.Current.CancellationToken);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("starting", said);
        return said;
    }

    private static bool HasToken(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ").Contains(Token);
        }
        catch (IOException)
        {
            // It is gone.
            return false;
        }
    }
}
