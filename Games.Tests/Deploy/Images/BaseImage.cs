using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Games.Tests.Api.Clients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Deploy.Images;

/// <summary>
/// Stands in, on loopback, for the registry that has .NET's base images. Its one image is as theirs are: a number for the user in APP_UID, and
/// dotnet on the PATH. In it are the .NET of this machine and the libraries that it loads, and no other program: no shell.
/// </summary>
internal sealed partial class BaseImage : IAsyncDisposable
{
    private const string Repository = "dotnet/aspnet";
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";
    private const string DotnetFolder = "/usr/share/dotnet";

    private static readonly DirectoryInfo Framework = new(Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory()));
    private static readonly DirectoryInfo Dotnet = Framework.Parent!.Parent!.Parent!;

    private readonly WebApplication _registry;

    private BaseImage(WebApplication registry) => _registry = registry;

    public string Authority => new Uri(_registry.Urls.Single()).Authority;

    /// <summary>As <c>ContainerBaseImage</c> takes it.</summary>
    public string Name => $"{Authority}/{Repository}:10.0-alpine";

    /// <param name="directory">Where its layer is written.</param>
    public static async Task<BaseImage> StartAsync(string directory)
    {
        var (layer, contents) = await WriteLayerAsync(directory);
        var config = JsonSerializer.SerializeToUtf8Bytes(Config(contents));
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", digest = DigestOf(config), size = config.Length },
            layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", digest = DigestOf(layer), size = layer.Length } },
        });

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var registry = builder.Build();
        registry.MapGet("/v2/", () => Results.Ok());
        registry.MapMethods($"/v2/{Repository}/manifests/{{reference}}", ["GET", "HEAD"], (HttpResponse response) =>
        {
            response.Headers["Docker-Content-Digest"] = DigestOf(manifest);
            return Results.Bytes(manifest, ManifestType);
        });
        registry.MapGet($"/v2/{Repository}/blobs/{{digest}}", (string digest) =>
            ((byte[][])[config, layer]).FirstOrDefault(blob => DigestOf(blob) == digest) is { } blob ? Results.Bytes(blob) : Results.NotFound());
        await registry.StartAsync();
        return new(registry);
    }

    public async ValueTask DisposeAsync() => await _registry.DisposeAsync();

    private static object Config(string contents) => new
    {
        architecture = RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64",
        os = "linux",
        config = new { Env = new[] { $"PATH={DotnetFolder}", "APP_UID=1654", "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true" } },
        rootfs = new { type = "layers", diff_ids = new[] { contents } },
        history = new[] { new { created_by = "the .NET of this machine" } },
    };

    /// <summary>The layer, and the digest of what is packed in it.</summary>
    private static async Task<(byte[] Layer, string Contents)> WriteLayerAsync(string directory)
    {
        var path = Path.Combine(directory, "base.tar");
        await using (var tar = new TarWriter(File.Create(path)))
        {
            foreach (var folder in (string[])["dev/", "proc/", "tmp/"])
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, folder));
            foreach (var (name, file) in (await LibrariesAsync()).Select(file => (file, file)).Concat(RuntimeFiles()))
            {
                await using var data = File.OpenRead(file);
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name.TrimStart('/'))
                {
                    DataStream = data,
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
                });
            }
        }

        await using var unpacked = File.OpenRead(path);
        var contents = await SHA256.HashDataAsync(unpacked);
        unpacked.Position = 0;
        var layer = new MemoryStream();
        await using (var zipped = new GZipStream(layer, CompressionLevel.Fastest, leaveOpen: true))
            await unpacked.CopyToAsync(zipped);
        return (layer.ToArray(), $"sha256:{Convert.ToHexStringLower(contents)}");
    }

    private static IEnumerable<(string Name, string File)> RuntimeFiles() =>
        from folder in (DirectoryInfo[])[new(Path.Combine(Dotnet.FullName, "host")), Framework, AspNetCore()]
        from file in folder.EnumerateFiles("*", SearchOption.AllDirectories).Append(new(Path.Combine(Dotnet.FullName, "dotnet")))
        group file.FullName by $"{DotnetFolder}/{Path.GetRelativePath(Dotnet.FullName, file.FullName)}" into named
        select (named.Key, named.First());

    private static DirectoryInfo AspNetCore() => new(Path.GetDirectoryName(typeof(WebApplication).Assembly.Location)!);

    /// <summary>Those that .NET's own are linked to, and OpenSSL, which it loads by name.</summary>
    private static async Task<string[]> LibrariesAsync()
    {
        string[] ofDotnet = [Path.Combine(Dotnet.FullName, "dotnet"), .. Framework.EnumerateFiles("*.so").Select(file => file.FullName)];
        var linked = await LinkedAsync(ofDotnet);
        var folder = Path.GetDirectoryName(linked.First(file => Path.GetFileName(file).StartsWith("libc.so.", StringComparison.Ordinal)))!;
        string[] openSsl = [.. Directory.GetFiles(folder, "libssl.so.*"), .. Directory.GetFiles(folder, "libcrypto.so.*")];
        return [.. linked.Concat(openSsl).Concat(await LinkedAsync(openSsl)).Distinct()];
    }

    private static async Task<string[]> LinkedAsync(string[] files)
    {
        var lines = await Programs.RunAsync(Path.GetTempPath(), "ldd", files);
        return [.. lines.Select(line => Library.Match(line)).Where(found => found.Success).Select(found => found.Groups[1].Value).Distinct()];
    }

    private static string DigestOf(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    [GeneratedRegex(@"(?:=> |^\s+)(/\S+) \(0x")]
    private static partial Regex Library { get; }
}
