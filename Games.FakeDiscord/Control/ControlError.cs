namespace Games.FakeDiscord.Control;

/// <summary>A refusal of our own API, in a sentence for whoever writes a test.</summary>
internal sealed class ControlError(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    public static ControlError NotThere(string what, string? id) => new(404, $"There is no {what} {id}.");
}
