namespace Games.AppHost.Servers;

/// <summary>A server cannot be had. The message is written for the person at the terminal.</summary>
public class ServerUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The server is not installed here; the message says what to install.</summary>
public sealed class ServerMissingException(string message, Exception? inner = null) : ServerUnavailableException(message, inner);
