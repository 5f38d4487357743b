namespace Games.Bench.Mix;

/// <summary>What people do with games.</summary>
internal enum RequestKind
{
    Create,
    Join,
    Leave,
    Change,
    Cancel,
}

/// <summary>A request of the mix and what became of it.</summary>
/// <param name="GameId">The game that it has made or changed; empty if it was refused.</param>
/// <param name="UserId">Who has joined or left.</param>
/// <param name="Refusal">Null if it was done.</param>
/// <param name="IsExpected">Whether the refusal is as it should be: the game has been cancelled meanwhile.</param>
/// <param name="Stale">412s, after each of which the game was read again and the change repeated.</param>
internal sealed record MixedRequest(
    RequestKind Kind, Guid GameId, string? UserId = null, string? Refusal = null, bool IsExpected = false, int Stale = 0)
{
    public bool IsDone => Refusal is null;
}

/// <summary>Of 100 requests: 20 create, 60 join, 10 leave, 8 change, 2 cancel; in an order that is the same in every run.</summary>
internal static class RequestKinds
{
    public static readonly IReadOnlyDictionary<RequestKind, int> Percent = new Dictionary<RequestKind, int>
    {
        [RequestKind.Create] = 20,
        [RequestKind.Join] = 60,
        [RequestKind.Leave] = 10,
        [RequestKind.Change] = 8,
        [RequestKind.Cancel] = 2,
    };

    private static readonly RequestKind[] Hundred = Shuffled();

    public static RequestKind Of(int number) => Hundred[number % Hundred.Length];

    private static RequestKind[] Shuffled()
    {
        RequestKind[] kinds = [.. Percent.SelectMany(share => Enumerable.Repeat(share.Key, share.Value))];
        new Random(1).Shuffle(kinds);
        return kinds;
    }
}
