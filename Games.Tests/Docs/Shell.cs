using Games.AppHost.Servers;

namespace Games.Tests.Docs;

/// <summary>Runs what a document says as its reader would paste it.</summary>
internal static class Shell
{
    /// <summary>Collection of the tests that build projects on this repository's own: at the same time they would write the same files.</summary>
    public const string BuildsTheOutbox = "builds the outbox";

    /// <summary>{id} stands for the id that the last answer gave; an answer that is an error ends the script.</summary>
    private const string Prelude = """
        set -euo pipefail
        id=
        curl() {
          local answer
          answer=$(command curl --silent --show-error --fail-with-body "${@//\{id\}/$id}") || { echo "$answer" >&2; return 1; }
          printf '%s\n' "$answer"
          [[ $answer =~ \"id\":\"([0-9a-f-]{36})\" ]] && id=${BASH_REMATCH[1]}
          return 0
        }

        """;

    public static Command Script(string text, string directory, IReadOnlyDictionary<string, string?> environment) => new("bash", "-c", Prelude + text)
    {
        WorkingDirectory = directory,
        Environment = environment,
    };

    public static Task<string> RunAsync(string text, string directory, IReadOnlyDictionary<string, string?> environment) =>
        RunAsync(Script(text, directory, environment));

    public static async Task<string> RunAsync(Command command)
    {
        var (exitCode, said) = await ChildProcess.RunAsync(command, TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, $"Exit code {exitCode}: {string.Join(' ', command.Arguments)}{command.Input}\n{said}");
        return said;
    }
}
