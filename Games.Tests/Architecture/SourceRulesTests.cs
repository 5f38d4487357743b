using System.Text.RegularExpressions;

namespace Games.Tests.Architecture;

public sealed partial class SourceRulesTests
{
    private static readonly string[] Services =
    [
        "Games.Contracts", "Games.Data", "Games.Journal", "Games.Outbox", "Games.ServiceDefaults", "Games.Api", "Games.Bot", "Games.Ops",
    ];

    private static readonly string[] Everything = [.. Services, "Games.AppHost", "Games.Bench", "Games.Tests"];

    [Fact]
    public void Time_is_asked_of_TimeProvider() => Assert.Empty(Breaches(WallClock(), Services));

    [Fact]
    public void Nothing_waits_for_a_task_by_blocking() => Assert.Empty(Breaches(BlockingWait(), Services));

    [Fact]
    public void Nothing_is_left_to_do_or_folded_away() => Assert.Empty(Breaches(Leftover(), Everything));

    [Fact]
    public void Nothing_is_called_a_manager_or_a_helper() => Assert.Empty(Breaches(EmptyName(), Everything));

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

    [GeneratedRegex(@"\bIConfiguration\b")]
    private static partial Regex Configuration();
}
