using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Games.Outbox.Inspection;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Games.Ops.Outbox;

/// <summary>Shows what the outbox holds as tables.</summary>
internal static class OutboxScreen
{
    // No line is broken: a file, or the next program, takes each as one.
    private const int RedirectedWidth = 400;
    private const int ErrorLength = 120;

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Show(OutboxSummary summary)
    {
        var table = Table("outbox", "").HideHeaders();
        Add(table, "pending", Count(summary.Pending));
        Add(table, "  leased by a relay", Count(summary.Leased));
        Add(table, "scheduled", Count(summary.Scheduled));
        Add(table, "dead", Count(summary.Dead));
        Add(table, "oldest pending", summary.OldestPendingSeconds is { } seconds ? Age(seconds) : "-");
        Add(table, "relaying", summary.Paused is { } pause ? $"PAUSED since {Time(pause.Since)} by {pause.By}" : "on");
        Write(table);
    }

    public static void Show(InspectedPage page, OutboxMessageState state, bool isPaused)
    {
        if (page.Items is [])
        {
            Console.Out.WriteLine($"No {state.ToString().ToLowerInvariant()} messages.");
            return;
        }

        var when = state is OutboxMessageState.Dead ? "dead since" : "next attempt";
        var table = Table("number", "type", "to", "created (UTC)", "attempts", when, "last error", "key");
        foreach (var message in page.Items)
        {
            Add(
                table,
                $"{message.SequenceNumber}",
                message.MessageType.Replace("urn:message:", ""),
                message.Destination?.Split('?')[0].Split('/')[^1] ?? "nowhere",
                Time(message.Created),
                $"{message.Attempts}",
                WhenOf(message, isPaused),
                message.LastError is { Length: > ErrorLength } error ? $"{error[..ErrorLength]}…" : message.LastError ?? "",
                message.OrderingKey ?? "");
        }

        Write(table);
        if (page.Next is { } next)
            Console.Out.WriteLine($"There are more: --cursor {next}");
    }

    public static void Show(InspectedMessageContent content)
    {
        var message = content.Message;
        var table = Table("", "").HideHeaders();
        Add(table, "number", $"{message.SequenceNumber}");
        Add(table, "message id", $"{message.MessageId}");
        Add(table, "types", string.Join(", ", content.MessageTypes));
        Add(table, "to", message.Destination ?? "nowhere");
        Add(table, "created, sent (UTC)", $"{Time(message.Created)}, {Time(message.Sent)}");
        Add(table, "attempts", $"{message.Attempts}");
        Add(table, "next attempt", message switch
        {
            { Dead: { } dead } => $"never, dead since {Time(dead)}",
            { IsLeased: true } => "leased by a relay",
            { NextAttempt: { } next } => Time(next),
            _ => "now",
        });
        Add(table, "last error", message.LastError ?? "");
        Add(table, "ordering key", message.OrderingKey ?? "");
        Add(table, "headers", content.Headers?.GetRawText() ?? "");
        Add(table, "properties", content.Properties?.GetRawText() ?? "");
        Add(table, "content type", content.ContentType);
        Write(table);
        Console.Out.WriteLine(content.Json is { } json ? JsonSerializer.Serialize(json, Readable) : Convert.ToBase64String(content.Bytes!));
    }

    private static string WhenOf(InspectedMessage message, bool isPaused) => message switch
    {
        { IsLeased: true } => "leased",
        { Dead: { } dead } => Time(dead),
        // One of them is tried before, and brings the others with it.
        { NextAttempt: { } next, IsReturned: true } => $"once a queue gets it, or {Time(next)}",
        { NextAttempt: { } next } => Time(next),
        _ => isPaused ? "when resumed" : "now",
    };

    private static Table Table(params string[] columns) =>
        new Table().Border(TableBorder.Rounded).AddColumns([.. columns.Select(x => new TableColumn(x))]);

    // As text, not as markup.
    private static void Add(Table table, params string[] cells) => table.AddRow(cells.Select(IRenderable (x) => new Text(Terminal.Printable(x))));

    private static void Write(Table table)
    {
        var redirected = Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Out),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (redirected)
            console.Profile.Width = RedirectedWidth;
        console.Write(table);
    }

    private static string Count(OutboxCount count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count.Rows:N0}{(count.OrMore ? " or more" : "")}");

    private static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Age(double seconds) => TimeSpan.FromSeconds(seconds) is { TotalMinutes: >= 1 } age
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}:{age.Minutes:00}:{age.Seconds:00} h")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
}
