using Games.Bench.Measuring;

namespace Games.Bench.Driving;

/// <summary>The answers to all POSTs of a run. <paramref name="RequestMilliseconds"/> counts the accepted ones.</summary>
internal sealed record Answers(
    IReadOnlyList<Guid> Accepted, IReadOnlyDictionary<string, int> Refused, Distribution RequestMilliseconds, TimeSpan Duration)
{
    public double AcceptedPerSecond => Accepted.Count / Duration.TotalSeconds;

    public string RefusedText => string.Join(", ", Refused.Select(refusal => $"{refusal.Value} × {refusal.Key}"));

    public static Answers Of(IReadOnlyList<Answer> answers, IReadOnlyList<double> milliseconds, TimeSpan duration) => new(
        [.. answers.Where(answer => answer.Accepted).Select(answer => answer.GameId)],
        answers.Where(answer => !answer.Accepted).CountBy(answer => answer.Refusal!).ToDictionary(),
        Distribution.Of(milliseconds.Where((_, number) => answers[number].Accepted)),
        duration);
}
