using System.Text.RegularExpressions;
using Games.Tests.Architecture;

namespace Games.Tests.AppHost;

/// <summary>A compose file, as it is written.</summary>
internal sealed partial class ComposeFile(string name)
{
    public string Text { get; } = File.ReadAllText(Repository.PathOf(name));

    public List<string> ServiceNames => [.. Services.Split('\n').Where(line => ServiceName.IsMatch(line)).Select(line => line.Trim().TrimEnd(':'))];

    private string Services
    {
        get
        {
            var start = Text.IndexOf("\nservices:\n", StringComparison.Ordinal);
            return Text[start..Text.IndexOf("\nvolumes:\n", start, StringComparison.Ordinal)];
        }
    }

    public string SettingsOf(string service)
    {
        var lines = Services.Split('\n').SkipWhile(line => line != $"  {service}:").Skip(1).TakeWhile(line => !ServiceName.IsMatch(line));
        return string.Join('\n', lines);
    }

    public List<string> NeedsOf(string service) =>
        [.. Need.Matches(SettingsOf(service)).Select(need => $"{need.Groups[1].Value}: {need.Groups[2].Value}")];

    [GeneratedRegex("^  [a-z]+[0-9]?:$")]
    private static partial Regex ServiceName { get; }

    [GeneratedRegex(@"      (\w+):\n        condition: (\w+)")]
    private static partial Regex Need { get; }
}
