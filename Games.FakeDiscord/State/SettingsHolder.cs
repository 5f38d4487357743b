namespace Games.FakeDiscord.State;

/// <summary>The settings of the moment.</summary>
internal sealed class SettingsHolder
{
    public Settings Current { get; set; } = new();
}
