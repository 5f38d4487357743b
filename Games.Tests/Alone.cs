namespace Games.Tests;

/// <summary>Tests that measure real time, or need all of the machine: after all others and one by one.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
