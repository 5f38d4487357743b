using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Games.Tests.Architecture;

/// <summary>The sources, for rules that a compiled assembly no longer shows.</summary>
internal static class Repository
{
    private static readonly string Root = FindRoot();

    public static XDocument Project(string project) =>
        XDocument.Load(Path.Combine(Root, project, $"{Path.GetFileName(project)}.csproj"));

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static IEnumerable<(string Name, string Text)> Sources(params string[] folders) =>
        from folder in folders
        from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Root, file)
        where !name.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "Migrations")
        select (name, File.ReadAllText(file));

    private static string FindRoot([CallerFilePath] string here = "")
    {
        foreach (var start in (string[])[AppContext.BaseDirectory, Path.GetDirectoryName(here) ?? ""])
        {
            for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
            {
                if (File.Exists(Path.Combine(directory.FullName, "Games.sln")))
                    return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException("No folder above holds Games.sln.");
    }
}
