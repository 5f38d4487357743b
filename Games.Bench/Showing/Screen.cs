using System.Text.Json;
using Spectre.Console;

namespace Games.Bench.Showing;

/// <summary>Shows a further part of the work, <paramref name="total"/> steps long, and returns where its steps are reported.</summary>
internal delegate IProgress<double> BeginPhase(string description, double total);

/// <summary>
/// Progress bars on standard error during the work, tables on standard output at the end. With --json neither, so that standard output is
/// JSON and nothing else.
/// </summary>
internal sealed class Screen(bool json)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private static readonly IAnsiConsole Output = ConsoleOf(Console.Out, Console.IsOutputRedirected);
    private static readonly IAnsiConsole Errors = ConsoleOf(Console.Error, Console.IsErrorRedirected);

    public async Task<T> WatchAsync<T>(Func<BeginPhase, Task<T>> work)
    {
        if (json)
            return await work((_, _) => new Progress<double>());

        var progress = Errors.Progress().Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn(),
            new PercentageColumn(),
            new ElapsedTimeColumn(),
            new SpinnerColumn());
        progress.HideCompleted = true;
        progress.RefreshRate = TimeSpan.FromMilliseconds(250);
        return await progress.StartAsync(
            context => work((description, total) => new Bar(context.AddTask(Markup.Escape(description), maxValue: total))));
    }

    /// <summary>Prints the figures, as JSON or as these tables, and the complaints on standard error.</summary>
    public void Show(object figures, IEnumerable<string> complaints, params IEnumerable<Table> tables)
    {
        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(figures, Indented));
        foreach (var table in json ? [] : tables)
            Output.Write(table);
        foreach (var complaint in complaints)
            Complain(complaint);
    }

    public static Table TableOf(string title, string firstColumn, params IEnumerable<string> numberColumns)
    {
        var table = new Table().Title(title).Border(TableBorder.Rounded).AddColumn(firstColumn);
        foreach (var column in numberColumns)
            table.AddColumn(new TableColumn(column).RightAligned());
        return table;
    }

    public static void Complain(string text) => Console.Error.WriteLine(text);

    private static IAnsiConsole ConsoleOf(TextWriter writer, bool redirected)
    {
        const int RedirectedWidth = 120;
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect });
        if (redirected)
            console.Profile.Width = RedirectedWidth;
        return console;
    }

    /// <summary>Moves in steps of a hundredth: setting a task's value takes a lock, and 32 clients report thousands of times a second.</summary>
    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value >= task.Value + task.MaxValue / 100 || (value >= task.MaxValue && !task.IsFinished))
                task.Value = value;
        }
    }
}
