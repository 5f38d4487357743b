using System.CommandLine;
using System.CommandLine.Invocation;
using Games.Bench.Commands;

var bench = new RootCommand("Drives any implementation of the main job from outside: HTTP in, SQL to see the result.")
{
    LoadCommand.Create(),
    LatencyCommand.Create(),
    DrainCommand.Create(),
    CompareCommand.Create(),
};

var parsed = bench.Parse(args);
if (parsed.Action is ParseErrorAction wrong)
    wrong.ShowHelp = false;
return await parsed.InvokeAsync();
