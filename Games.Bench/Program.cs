using System.CommandLine;
using System.CommandLine.Invocation;
using Games.Bench.Commands;

// Nothing of a measurement goes to Discord, whatever the shell has exported.
Environment.SetEnvironmentVariable("Discord__Token", null);

var bench = new RootCommand("Drives any implementation of the main job from outside, HTTP in, SQL to see the result; and ours under fire.")
{
    LoadCommand.Create(),
    LatencyCommand.Create(),
    DrainCommand.Create(),
    BacklogCommand.Create(),
    EventsCommand.Create(),
    ListsCommand.Create(),
    DiscordCommand.Create(),
    CompareCommand.Create(),
    SoakCommand.Create(),
    ChaosCommand.Create(),
};

var parsed = bench.Parse(args);
if (parsed.Action is ParseErrorAction wrong)
    wrong.ShowHelp = false;

// Ctrl+C stops what was started and deletes what was written; the usual two seconds are too few for that.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
