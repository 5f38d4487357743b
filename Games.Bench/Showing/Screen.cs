using Spectre.Console;

namespace Games.Bench.Showing;

/// <summary>How far one part of a run has come.</summary>
internal interface IPhase
{
    void Reached(double value);
}

/// <summary>
/// What a person sees: progress bars on standard error while it works, the table on standard output at the end. With --json no bar and no
/// table, so that standard output is JSON and nothing else.
/// </summary>
internal sealed class Screen(bool json)
{
    private static readonly IAnsiConsole Output = ConsoleOf(Console.Out, Console.IsOutputRedirected);
    private static readonly IAnsiConsole Errors = ConsoleOf(Console.Error, Console.IsErrorRedirected);

    public bool Json => json;

    public async Task<T> WatchAsync<T>(Func<Func<string, double, IPhase>, Task<T>> work)
    {
        if (json)
            return await work((_, _) => new Unseen());

        var progress = Errors.Progress().Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new SpinnerColumn());
        progress.HideCompleted = true;
        progress.RefreshRate = TimeSpan.FromMilliseconds(250);
        return await progress.StartAsync(context => work((description, total) => new Bar(context.AddTask(Markup.Escape(description), maxValue: total))));
    }

    public void Show(Table table)
    {
        if (!json)
            Output.Write(table);
    }

    public void Note(string text)
    {
        if (!json)
            Errors.MarkupLineInterpolated($"[grey]{text}[/]");
    }

    public static void Complain(string text) => Console.Error.WriteLine(text);

    private static IAnsiConsole ConsoleOf(TextWriter writer, bool redirected)
    {
        const int RedirectedWidth = 120;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect });
        if (redirected)
            console.Profile.Width = RedirectedWidth;
        return console;
    }

    private sealed class Unseen : IPhase
    {
        public void Reached(double value)
        {
        }
    }

    /// <summary>Moves in steps of a hundredth: setting a task's value takes a lock, and 32 clients reach a new value thousands of times a second.</summary>
    private sealed class Bar(ProgressTask task) : IPhase
    {
        public void Reached(double value)
        {
            if (value >= task.Value + task.MaxValue / 100 || (value >= task.MaxValue && !task.IsFinished))
                task.Value = value;
        }
    }
}
