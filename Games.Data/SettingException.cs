namespace Games.Data;

/// <summary>
/// A setting is missing, cannot be read or names a server that is too old. The message is for whoever starts the process: it names the key, never
/// the value.
/// </summary>
public sealed class SettingException(string message) : Exception(message);
