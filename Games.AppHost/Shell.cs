namespace Games.AppHost;

/// <summary>What a person pastes into a shell.</summary>
internal static class Shell
{
    public static string Export(string name, string value) => $"export {name}={Quote(value)}";

    /// <summary>The shorter of its names as this directory's shell takes them.</summary>
    public static string PathTo(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return Quote(relative.StartsWith("..", StringComparison.Ordinal) ? path : relative);
    }

    private static string Quote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_')
            ? text
            : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
