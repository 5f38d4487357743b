using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Games.ServiceDefaults;
using Microsoft.Win32.SafeHandles;

namespace Games.Ops;

/// <summary>
/// How every verb is parsed, run and ended. Exit code 0 when all is well, 1 when something is wrong, and the shell's own when it was ended.
/// </summary>
internal static class OperatorConsole
{
    private const int Wrong = 1;
    private const int Interrupted = 130;
    private const int PipeClosed = 141;

    private const int StandardOutput = 1;
    private const int BrokenPipe = 32;

    public static TCommand ShowsHelpWithoutVerb<TCommand>(this TCommand command)
        where TCommand : Command
    {
        command.SetAction(parsed => new HelpAction().Invoke(parsed));
        return command;
    }

    public static async Task<int> RunAsync(this RootCommand console, string[] arguments)
    {
        FailOnClosedPipe();
        var parsed = console.Parse(arguments);
        try
        {
            return parsed.Action is ParseErrorAction error
                ? Refuse(parsed, error)
                : await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception failure) when (failure.IsWrongSetting())
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return Wrong;
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (IOException closed) when (closed.HResult == BrokenPipe)
        {
            return PipeClosed;
        }
    }

    private static int Refuse(ParseResult parsed, ParseErrorAction error)
    {
        error.ShowHelp = false;
        parsed.Invoke(new InvocationConfiguration { Output = Console.Error });
        if (parsed.CommandResult.Command.Subcommands is { Count: > 0 } verbs)
            Console.Error.WriteLine($"There are: {string.Join(", ", verbs.Select(verb => verb.Name))}. Each has --help.");
        return Wrong;
    }

    /// <summary>.NET's console stream drops what a closed pipe refuses, so a verb that follows the journal would go on for ever.</summary>
    private static void FailOnClosedPipe()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return;

        var output = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // A file stays with the console stream: this one would write at its own position, over what another process appends.
        if (!output.CanSeek)
            Console.SetOut(new StreamWriter(output) { AutoFlush = true });
    }
}
