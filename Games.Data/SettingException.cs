namespace Games.Data;

/// <summary>A setting is missing or cannot be read. Its message is for the person who starts the process: it names the key, never the value.</summary>
public sealed class SettingException(string message) : Exception(message);
