using System.Globalization;

namespace Games.Tests.AppHost;

/// <summary>The processes of this machine, read from /proc.</summary>
internal static class Processes
{
    /// <summary>The process's children, their children, and so on, by id and start, because the kernel uses an id again.</summary>
    public static IReadOnlySet<(int Id, string Started)> DescendantsOf(int processId)
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? StateOf(id) : null)
            .OfType<ProcessState>()
            .ToLookup(process => process.Parent);
        var found = new HashSet<(int, string)>();
        var open = new Queue<int>([processId]);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in all[parent])
            {
                found.Add((child.Id, child.Started));
                open.Enqueue(child.Id);
            }
        }

        return found;
    }

    public static IEnumerable<int> ChildrenOf(int processId) =>
        DescendantsOf(processId).Select(process => process.Id).Where(id => StateOf(id)?.Parent == processId);

    /// <summary>Its words; empty when it is gone.</summary>
    public static string CommandLineOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>A process that has ended but that nobody has collected yet counts as gone.</summary>
    public static bool IsGone((int Id, string Started) process) =>
        StateOf(process.Id) is not { } now || now.Started != process.Started || now.State is "Z" or "X";

    private static ProcessState? StateOf(int id)
    {
        try
        {
            // 27 (name with (any) characters) S 1 …: what follows the last parenthesis is separated by spaces.
            var line = File.ReadAllText($"/proc/{id}/stat");
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessState(id, fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture), fields[19]);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed record ProcessState(int Id, string State, int Parent, string Started);
}
