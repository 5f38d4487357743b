namespace Games.Bench.Measuring;

/// <summary>A measurement that cannot be made; the message is for the person who asked for it.</summary>
internal sealed class BenchException(string message) : Exception(message);
