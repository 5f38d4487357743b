using Games.Bench.Measuring;

namespace Games.Bench.Mix;

/// <summary>The answers to all requests of a mix.</summary>
/// <param name="Done">Requests that were done, by kind.</param>
/// <param name="Expected">Refusals as they should be, by kind and status: of a game that was cancelled meanwhile.</param>
/// <param name="Unexpected">All other refusals.</param>
/// <param name="Stale">Changes that were answered 412 and repeated with the new ETag.</param>
/// <param name="RequestMilliseconds">Of what was done; a change takes as long as its reading, its 412s and its repeats.</param>
internal sealed record MixAnswers(
    IReadOnlyDictionary<RequestKind, int> Done,
    IReadOnlyDictionary<string, int> Expected,
    IReadOnlyDictionary<string, int> Unexpected,
    int Stale,
    Distribution RequestMilliseconds,
    TimeSpan Duration,
    IReadOnlyList<Guid> Games)
{
    /// <summary>What was done, a second. The readings before changes are requests too, and not counted.</summary>
    public double DonePerSecond => Done.Values.Sum() / Duration.TotalSeconds;

    public static MixAnswers Of(IReadOnlyList<MixedRequest> requests, IReadOnlyList<double> milliseconds, TimeSpan duration) => new(
        requests.Where(request => request.IsDone).CountBy(request => request.Kind).OrderBy(done => done.Key).ToDictionary(),
        Count(requests.Where(request => !request.IsDone && request.IsExpected)),
        Count(requests.Where(request => !request.IsDone && !request.IsExpected)),
        requests.Sum(request => request.Stale),
        Distribution.Of(milliseconds.Where((_, number) => requests[number].IsDone)),
        duration,
        [.. requests.Where(request => request is { Kind: RequestKind.Create, IsDone: true }).Select(request => request.GameId)]);

    private static Dictionary<string, int> Count(IEnumerable<MixedRequest> refused) =>
        refused.CountBy(request => $"{request.Kind}: {request.Refusal}").OrderByDescending(refusal => refusal.Value).ToDictionary();
}
