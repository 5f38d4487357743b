using Games.AppHost.Servers;

namespace Games.Tests.Deploy.Images;

/// <summary>
/// Runs an image as Kubernetes and Docker do with a read-only root: with its own variables, its own user, and nothing to write to but /tmp. Only
/// the network is this machine's.
/// </summary>
internal sealed class Container(Image image)
{
    private const string Mounts = """
        root=$1; shift
        mount --bind "$root" "$root"
        mount --rbind /dev "$root/dev"
        mount --rbind /proc "$root/proc"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        mount -o remount,bind,ro "$root"
        exec env --ignore-environment "$@"
        """;

    private readonly string _root = image.Unpack();

    /// <summary>Skips the test of who may not mount: somebody who is not root, or root in a sandbox.</summary>
    public static async Task RequireMountsAsync()
    {
        var (refused, said) = await ChildProcess.RunAsync(new("unshare", "--mount", "true"));
        Assert.SkipWhen(refused != 0, $"The root of a container cannot be mounted here: {said}");
    }

    /// <param name="settings">Variables beside the image's own.</param>
    /// <param name="words">What to run: the image's entry point, and what follows it.</param>
    public Command Run(IReadOnlyDictionary<string, string> settings, params string[] words)
    {
        var user = (string)image.Config["User"]!;
        // By its path: env, with the variables of the image, would look for it where the image has its programs.
        string[] enter =
            ["/usr/bin/unshare", $"--root={_root}", $"--wd={image.Config["WorkingDir"]}", $"--setgid={user}", $"--setuid={user}", .. words];
        return new(
            "unshare", ["--mount", "sh", "-euc", Mounts, "-", _root, .. image.Environment, .. settings.Select(x => $"{x.Key}={x.Value}"), .. enter]);
    }
}
