using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Games.Ops.Doctor;

/// <summary>Shows the findings: one line each and one for what to do about it, or one JSON object.</summary>
internal static class DoctorScreen
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Show(IReadOnlyList<Finding> findings, int? orphans, bool dryRun)
    {
        var width = findings.Max(finding => finding.Subject.Length);
        foreach (var finding in findings)
        {
            var state = finding.State switch { FindingState.Ok => "ok", FindingState.Wrong => "WRONG", _ => "?" };
            Console.Out.WriteLine($"{state,-6}{finding.Subject.PadRight(width)}  {Terminal.Printable(finding.Saw)}");
            if (finding.ToDo is { } toDo)
                Console.Out.WriteLine($"{"",-6}{"".PadRight(width)}  → {toDo}");
        }

        var wrong = findings.Count(finding => finding.State is FindingState.Wrong);
        Console.Out.WriteLine(wrong == 0 ? "All is well." : $"{wrong} wrong.");
        if (orphans is not { } count)
            return;

        Console.Out.WriteLine(dryRun
            ? $"{Quantity.Of(count, "event")} would be published again."
            : $"{Quantity.Of(count, "event")} published again: a running API or bot sends what is due within Outbox:PollInterval (10 s unless set).");
    }

    public static void ShowJson(IReadOnlyList<Finding> findings, int? orphans, bool dryRun)
    {
        var shown = new
        {
            healthy = findings.All(finding => finding.State is FindingState.Ok),
            findings,
            republished = dryRun ? null : orphans,
            wouldRepublish = dryRun ? orphans : null,
        };
        Console.Out.WriteLine(JsonSerializer.Serialize(shown, Json));
    }
}
