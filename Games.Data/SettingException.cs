namespace Games.Data;

/// <summary>A setting is missing or cannot be read. The message is for whoever starts the process: it names the key, never the value.</summary>
public sealed class SettingException(string message) : Exception(message);
