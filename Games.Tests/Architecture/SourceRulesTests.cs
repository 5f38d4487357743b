using System.Text.RegularExpressions;

namespace Games.Tests.Architecture;

public sealed partial class SourceRulesTests
{
    private static readonly string[] Services =
    [
        "Games.Contracts", "Games.Data", "Games.Journal", "Games.Outbox", "Games.ServiceDefaults", "Games.Api", "Games.Bot", "Games.Ops",
        "Games.DiscordClient",
        "Games.FakeDiscord",
    ];

    private static readonly string[] Everything = [.. Services, "Games.AppHost", "Games.Bench", "Games.Tests", "samples/Shop"];

    private const int LineLength = 150;
    private const int FileLength = 300;

    [Fact]
    public void Time_is_asked_of_TimeProvider() => Assert.Empty(Breaches(WallClock(), Services));

    [Fact]
    public void Nothing_waits_for_a_task_by_blocking() => Assert.Empty(Breaches(BlockingWait(), Services));

    [Fact]
    public void Nothing_is_left_to_do_or_folded_away() => Assert.Empty(Breaches(Leftover(), Everything));

    [Fact]
    public void Nothing_is_called_a_manager_or_a_helper() => Assert.Empty(Breaches(EmptyName(), Everything));

    [Fact]
    public void A_line_can_be_read_without_scrolling() => Assert.Empty(
        from source in Repository.Sources([.. Everything, "bench"])
        from line in source.Text.Split('\n')
        where line.EnumerateRunes().Count() > LineLength
        select $"{source.Name}: {line.Trim()}");

    [Fact]
    public void A_file_is_one_thing() => Assert.Empty(
        from source in Repository.Sources([.. Everything, "bench"])
        where source.Text.Count(character => character == '\n') > FileLength
        select source.Name);

    [Fact]
    public void No_internals_of_EF_Core_are_used() => Assert.Empty(Breaches(InternalApi(), Everything));

    [Fact]
    public void No_type_is_declared_in_two_projects() => Assert.Empty(
        from project in Everything
        from source in Repository.Sources(project)
        let space = Namespace().Match(source.Text).Groups["name"].Value
        from name in Declaration().Matches(source.Text).Select(match => $"{space}.{match.Groups["name"].Value}").Distinct()
        group project by name into declared
        where declared.Distinct().Count() > 1
        select $"{declared.Key}: {string.Join(", ", declared.Distinct())}");

    [Fact]
    public void No_slice_reads_the_configuration() => Assert.Empty(Breaches(Configuration(), "Games.Api/Features", "Games.Bot/Consumers"));

    private static IEnumerable<string> Breaches(Regex rule, params string[] folders) =>
        from source in Repository.Sources(folders)
        where !source.Name.EndsWith($"{nameof(SourceRulesTests)}.cs", StringComparison.Ordinal)
        from match in rule.Matches(source.Text)
        select $"{source.Name}: {match.Value}";

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Utc)?Now\b|\bDateTime\.Today\b")]
    private static partial Regex WallClock();

    [GeneratedRegex(@"\.GetAwaiter\(\)\.GetResult\(\)|\bThread\.Sleep\b")]
    private static partial Regex BlockingWait();

    [GeneratedRegex(@"\bTODO\b|#region")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\b(?:class|record|interface|struct) \w*(?:Manager|Helper|Util|Utils|Common)\b")]
    private static partial Regex EmptyName();

    [GeneratedRegex("EF" + "1001")]
    private static partial Regex InternalApi();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(?:public|internal) [\w ]*\b(?:class|record|interface|enum|struct) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\bIConfiguration\b")]
    private static partial Regex Configuration();
}
