namespace Games.Bench.Chaos;

/// <summary>The faults of a seed, their order and their moments.</summary>
internal static class FaultPlan
{
    /// <summary>Games that a run has to have for each fault at least.</summary>
    public const int LeastGames = 20;

    // One fault in three does not wait until those before it are over.
    private const int OneOverlapsIn = 3;

    public static int Kinds { get; } = Enum.GetValues<FaultKind>().Length;

    /// <param name="games">Games that the run is to have accepted.</param>
    /// <param name="faults">Every kind comes once before any comes again, so at least <see cref="Kinds"/>.</param>
    public static IReadOnlyList<PlannedFault> Of(int seed, int games, int faults)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(faults, Kinds);
        ArgumentOutOfRangeException.ThrowIfLessThan(games, faults * LeastGames);

        var random = new Random(seed);
        var kinds = Enumerable.Range(0, faults).Chunk(Kinds).SelectMany(round => Shuffled(random).Take(round.Length)).ToArray();

        // Each fault has a slot between the first and the last twentieth of the games, so that load runs before and after it.
        var (begin, slot) = (games / 20, games * 9 / 10 / faults);
        return [.. kinds.Select((kind, number) => Planned(random, kind, begin + number * slot, slot, isFirst: number == 0))];
    }

    // In the first half of its slot, but not at its start: after a wait the load needs some games to reach full speed.
    private static PlannedFault Planned(Random random, FaultKind kind, int from, int slot, bool isFirst) =>
        new(kind, random.Next(1, 3), from, from + random.Next(slot / 4, slot / 2), random.Next(OneOverlapsIn) == 0 && !isFirst);

    private static FaultKind[] Shuffled(Random random)
    {
        var kinds = Enum.GetValues<FaultKind>();
        random.Shuffle(kinds);
        return kinds;
    }
}
