using Games.Tests.Architecture;

namespace Games.Tests.Docs;

/// <summary>A block of code in a document: fenced, with its language, or indented, without.</summary>
/// <param name="File">The document, from the root of the repository.</param>
/// <param name="Section">The heading above it.</param>
/// <param name="Before">The last line of text before it.</param>
/// <param name="Language">As the fence says.</param>
/// <param name="Text">Without fence and indentation.</param>
internal sealed record MarkdownBlock(string File, string Section, string Before, string Language, string Text)
{
    private const string Fence = "```";
    private const string Indentation = "    ";

    public string FirstLine => Text.Split('\n')[0];

    public static IReadOnlyList<MarkdownBlock> AllOf(string file)
    {
        var lines = System.IO.File.ReadAllLines(Repository.PathOf(file));
        var blocks = new List<MarkdownBlock>();
        var (section, before) = ("", "");
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith('#'))
                section = lines[i].TrimStart('#', ' ');

            if (lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                var end = Array.IndexOf(lines, Fence, i + 1);
                blocks.Add(new(file, section, before, lines[i][Fence.Length..], string.Join('\n', lines[(i + 1)..end])));
                i = end;
            }
            else if (IsIndented(lines[i]) && lines[i - 1] is "")
            {
                var end = i + lines[i..].TakeWhile(line => line is "" || IsIndented(line)).Count();
                blocks.Add(new(file, section, before, "", string.Join('\n', lines[i..end].Select(WithoutIndentation)).TrimEnd()));
                i = end - 1;
            }
            else if (lines[i] is not "")
            {
                before = lines[i];
            }
        }

        return blocks;
    }

    private static bool IsIndented(string line) => line.StartsWith(Indentation, StringComparison.Ordinal);

    private static string WithoutIndentation(string line) => line is "" ? line : line[Indentation.Length..];
}
