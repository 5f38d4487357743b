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

    /// <param name="republish">Whether events were to be published again.</param>
    /// <param name="orphans">How many were, or would be; null if not everything could be looked at.</param>
    public static void Show(IReadOnlyList<Finding> findings, bool republish, int? orphans, bool dryRun)
    {
        var width = findings.Max(finding => finding.Subject.Length);
        foreach (var finding in findings)
        {
            var state = finding.State switch { FindingState.Ok => "ok", FindingState.Wrong => "WRONG", _ => "?" };
            Console.Out.WriteLine($"{state,-6}{finding.Subject.PadRight(width)}  {Terminal.Printable(finding.Saw)}");
            if (finding.ToDo is { } toDo)
                Console.Out.WriteLine($"{"",-6}{"".PadRight(width)}  → {toDo}");
        }

        Console.Out.WriteLine(Verdict(Count(FindingState.Wrong), Count(FindingState.Unknown)));
        if (republish)
            Console.Out.WriteLine(OfRepublishing(orphans, dryRun));

        int Count(FindingState state) => findings.Count(finding => finding.State == state);
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

    private static string Verdict(int wrong, int unknown) => (wrong, unknown) switch
    {
        (0, 0) => "All is well.",
        (_, 0) => $"{wrong} wrong.",
        _ => $"{wrong} wrong, {unknown} not known.",
    };

    private static string OfRepublishing(int? orphans, bool dryRun) => (orphans, dryRun) switch
    {
        (null, _) => "Nothing is published again while something is not known (?).",
        ({ } count, true) => $"{Quantity.Of(count, "event")} would be published again.",
        ({ } count, false) =>
            $"{Quantity.Of(count, "event")} published again: a running API or bot sends what is due within Outbox:PollInterval (10 s unless set).",
    };
}
