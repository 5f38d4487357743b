using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Games.Tests.Deploy.Images;

/// <summary>An image as <c>docker load</c> takes it, unpacked.</summary>
internal sealed class Image
{
    private readonly string _directory;
    private readonly string[] _layers;

    private Image(string directory, JsonNode manifest)
    {
        _directory = directory;
        Tag = (string)manifest["RepoTags"]!.Items().Single()!;
        _layers = [.. manifest["Layers"]!.Items().Select(layer => Path.Combine(directory, (string)layer!))];
        Config = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, (string)manifest["Config"]!)))!["config"]!;
    }

    public string Tag { get; }

    /// <summary>What it says to who runs it.</summary>
    public JsonNode Config { get; }

    /// <summary>Of what is not in the base image, packed, in bytes.</summary>
    public long Size => _layers[1..].Sum(layer => new FileInfo(layer).Length);

    public string[] EntryPoint => [.. Config["Entrypoint"].Items().Concat(Config["Cmd"].Items()).Select(word => (string)word!)];

    public string[] Environment => [.. Config["Env"].Items().Select(variable => (string)variable!)];

    public static Image Open(string archive, string directory)
    {
        using (var file = File.OpenRead(archive))
            TarFile.ExtractToDirectory(file, Directory.CreateDirectory(directory).FullName, overwriteFiles: false);
        return new(directory, JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "manifest.json")))!.Items().Single());
    }

    /// <summary>What its own layers have, by name and right.</summary>
    public IReadOnlyList<(string Name, UnixFileMode Mode)> Files() => [.. _layers[1..].SelectMany(FilesOf)];

    /// <summary>Its root, as a container has it.</summary>
    public string Unpack()
    {
        var root = Directory.CreateDirectory(Path.Combine(_directory, "root")).FullName;
        foreach (var layer in _layers)
        {
            using var unzipped = Unzip(layer);
            TarFile.ExtractToDirectory(unzipped, root, overwriteFiles: true);
        }

        return root;
    }

    private static IEnumerable<(string Name, UnixFileMode Mode)> FilesOf(string layer)
    {
        using var tar = new TarReader(Unzip(layer));
        while (tar.GetNextEntry() is { } entry)
            yield return ($"/{entry.Name.TrimStart('/')}", entry.Mode);
    }

    private static GZipStream Unzip(string layer) => new(File.OpenRead(layer), CompressionMode.Decompress);
}
