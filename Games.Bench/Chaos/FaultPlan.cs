namespace Games.Bench.Chaos;

/// <summary>The faults of a seed, their order and their moments.</summary>
internal static class FaultPlan
{
    /// <summary>Games that a run has to have for each fault at least.</summary>
    public const int LeastGames = 20;

    // One fault in three does not wait until those before it are over.
    private const int OneOverlapsIn = 3;

    /// <param name="games">Games that the run is to have accepted.</param>
    /// <param name="faults">Every kind comes once before any comes again, so at least as many as there are kinds.</param>
    public static IReadOnlyList<PlannedFault> Of(int seed, int games, int faults, FaultSet set)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(faults, set.Kinds.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(games, faults * LeastGames);

        var random = new Random(seed);
        var kinds = Enumerable.Range(0, faults).Chunk(set.Kinds.Count).SelectMany(round => Shuffled(set, random).Take(round.Length)).ToArray();

        // Each fault has a slot between the first and the last twentieth of the games, so that load runs before and after it.
        var (begin, slot) = (games / 20, games * 9 / 10 / faults);
        return [.. kinds.Select((kind, number) => Planned(set, random, kind, begin + number * slot, slot, isFirst: number == 0))];
    }

    // In the first half of its slot, but not at its start: after a wait the load needs some games to reach full speed.
    private static PlannedFault Planned(FaultSet set, Random random, FaultKind kind, int from, int slot, bool isFirst) =>
        new(kind, random.Next(1, set.Replicas + 1), from, from + random.Next(slot / 4, slot / 2), random.Next(OneOverlapsIn) == 0 && !isFirst);

    private static FaultKind[] Shuffled(FaultSet set, Random random)
    {
        FaultKind[] kinds = [.. set.Kinds];
        random.Shuffle(kinds);
        return kinds;
    }
}
