using System.Text;

namespace Games.Ops.Events;

/// <summary>Standard input as UTF-8, read beside the verb: a read that waits cannot be taken back, and Ctrl+C ends the verb all the same.</summary>
internal static class StandardInput
{
    public const string Argument = "-";

    public static StreamReader Open() => new(Console.OpenStandardInput(), Encoding.UTF8);

    public static Task<string> ReadToEndAsync(CancellationToken ct) =>
        Task.Run(() => Open().ReadToEndAsync(ct), CancellationToken.None).WaitAsync(ct);
}
