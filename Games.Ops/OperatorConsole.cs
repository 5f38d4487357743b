using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Games.ServiceDefaults;
using Microsoft.Win32.SafeHandles;

namespace Games.Ops;

/// <summary>
/// How every verb is parsed, run and ended. Exit code 0 when all is well, 1 when something is wrong, and the shell's own when it was ended.
/// </summary>
internal static partial class OperatorConsole
{
    private const int Wrong = 1;
    private const int Interrupted = 130;
    private const int PipeClosed = 141;

    private const int StandardOutput = 1;
    private const int BrokenPipe = 32;

    /// <summary>What a verb has after Ctrl+C. The library's 2 s are too few where a machine is busy.</summary>
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(10);

    /// <summary>What ./games passes to the program of ./run instead.</summary>
    private static readonly string[] VerbsOfTheRun = ["broker", "database"];

    /// <summary>The data of the run that ./games looked for; null when this program was called itself.</summary>
    public static string? RunOfTheCaller { get; } = Environment.GetEnvironmentVariable("GAMES_RUN");

    public static TCommand ShowsHelpWithoutVerb<TCommand>(this TCommand command)
        where TCommand : Command
    {
        command.SetAction(parsed => new HelpAction().Invoke(parsed));
        return command;
    }

    public static async Task<int> RunAsync(this RootCommand console, string[] arguments)
    {
        FailOnClosedPipe();
        try
        {
            var parsed = console.Parse(arguments);
            if (parsed.Action is ParseErrorAction error)
                return Refuse(parsed, error);

            // What the library itself writes: the verbs write to the console.
            using var help = new StringWriter();
            var settings = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = EndingTime,
                Output = help,
            };
            // The library listens to signals only when the verb has begun, and until then they would end the process.
            // Not disposed: one that the library heard first may have ended the verb when it comes to ours.
            var ending = new CancellationTokenSource();
            using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
            using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            var exitCode = await parsed.InvokeAsync(settings, ending.Token);
            Console.Out.Write(RunOfTheCaller is null ? help : help.ToString().Replace($"{RootCommand.ExecutableName} ", "./games "));
            return exitCode;

            void End(PosixSignalContext signal)
            {
                signal.Cancel = true;
                ending.Cancel();
            }
        }
        catch (InvalidOperationException unreadable) when (TypeName().IsMatch(unreadable.Message))
        {
            // The library throws it where a validator asks for a value that is none.
            await Console.Error.WriteLineAsync(InWords(unreadable.Message));
            return Wrong;
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
        using var errors = new StringWriter();
        parsed.Invoke(new InvocationConfiguration { Output = errors, Error = errors });
        Console.Error.Write(InWords(errors.ToString()));
        var command = parsed.CommandResult.Command;
        foreach (var missing in command.Arguments.Where(argument => IsMissing(argument, parsed)))
            Console.Error.WriteLine($"{missing.HelpName} is missing: {missing.Description}");

        var verbs = command.Subcommands.Select(verb => verb.Name);
        if (command is RootCommand && RunOfTheCaller is not null)
            verbs = verbs.Concat(VerbsOfTheRun);
        if (verbs.Any())
            Console.Error.WriteLine($"There are: {string.Join(", ", verbs)}. Each has --help.");
        return Wrong;
    }

    /// <summary>What the library says of a value, without the names of .NET's types.</summary>
    private static string InWords(string error) => TypeName().Replace(error, type => type.Value switch
    {
        var name when name.Contains("Guid") => "an id: 0198c0de-0000-7000-8000-000000000007",
        var name when name.Contains("Int") || name.Contains("Double") => "a number",
        _ => "what is asked for here",
    });

    [GeneratedRegex(@"expected type '[^']+'")]
    private static partial Regex TypeName();

    private static bool IsMissing(Argument argument, ParseResult parsed) =>
        argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is null or { Tokens.Count: 0 };

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
