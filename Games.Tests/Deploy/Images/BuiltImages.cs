using Games.Tests.Api.Clients;
using Games.Tests.Architecture;

namespace Games.Tests.Deploy.Images;

/// <summary>The images, as <c>deploy/images.proj</c> makes them of what is built here.</summary>
public sealed class BuiltImages : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("games-images").FullName;
    private readonly Dictionary<string, Image> _images = [];

    internal Image this[string service] => _images[service];

    public async ValueTask InitializeAsync()
    {
        await using var registry = await BaseImage.StartAsync(_directory);
        var archives = Path.Combine(_directory, "archives") + Path.DirectorySeparatorChar;
        var configuration = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)).Parent!.Name;
        // The SDK keeps the layers that it fetches in the temporary folder: here they go with it. The registry speaks no TLS.
        await Programs.RunAsync(
            _directory, "env", $"TMPDIR={_directory}", $"DOTNET_CONTAINER_INSECURE_REGISTRIES={registry.Authority}",
            "dotnet", "build", Repository.PathOf("deploy/images.proj"), "--no-restore", "-nodeReuse:false",
            "-p:NoBuild=true", $"-p:Configuration={configuration}", $"-p:Published={_directory}/published/",
            $"-p:ContainerBaseImage={registry.Name}", $"-p:ContainerArchiveOutputPath={archives}");
        foreach (var service in ContainerSettings.Projects.Keys)
        {
            var name = ContainerSettings.Of(service).Repository;
            _images.Add(service, Image.Open($"{archives}{name}.tar.gz", Path.Combine(_directory, name)));
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}
