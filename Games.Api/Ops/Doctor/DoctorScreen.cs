using System.Text.Json;
using System.Text.Json.Serialization;

namespace Games.Api.Ops.Doctor;

/// <summary>What the doctor says: one line a finding and one for what to do about it, or one JSON object.</summary>
internal static class DoctorScreen
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Show(IReadOnlyList<Finding> findings, int? orphans, bool dryRun)
    {
        var width = findings.Max(finding => finding.Subject.Length);
        foreach (var finding in findings)
        {
            var state = finding.State switch { FindingState.Ok => "ok", FindingState.Wrong => "WRONG", _ => "?" };
            Console.Out.WriteLine($"{state,-6}{finding.Subject.PadRight(width)}  {OneLine(finding.Saw)}");
            if (finding.ToDo is { } toDo)
                Console.Out.WriteLine($"{"",-6}{"".PadRight(width)}  → {toDo}");
        }

        var wrong = findings.Count(finding => finding.State is FindingState.Wrong);
        Console.Out.WriteLine(wrong == 0 ? "All is well." : $"{wrong} wrong.");
        if (orphans is { } count)
            Console.Out.WriteLine(dryRun ? $"{count} events would be published again." : $"{count} events are published again: a running API or bot sends them within Outbox:PollInterval (10 s unless set).");
    }

    public static void ShowJson(IReadOnlyList<Finding> findings, int? orphans, bool dryRun) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new { healthy = findings.All(finding => finding.State is FindingState.Ok), findings, republished = dryRun ? null : orphans, wouldRepublish = dryRun ? orphans : null }, Json));

    // What a server said must not speak to the terminal.
    private static string OneLine(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));
}
