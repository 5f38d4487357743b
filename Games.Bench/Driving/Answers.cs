using Games.Bench.Measuring;

namespace Games.Bench.Driving;

/// <summary>Everything a run of POSTs was answered with. <paramref name="RequestMilliseconds"/> is that of the accepted ones.</summary>
internal sealed record Answers(IReadOnlyList<Guid> Accepted, IReadOnlyDictionary<string, int> Refused, Distribution RequestMilliseconds, TimeSpan Duration)
{
    public double AcceptedPerSecond => Accepted.Count / Duration.TotalSeconds;

    public static Answers Of(IReadOnlyList<Answer> answers, IReadOnlyList<double> milliseconds, TimeSpan duration) => new(
        [.. answers.Where(answer => answer.Accepted).Select(answer => answer.GameId)],
        answers.Where(answer => !answer.Accepted).CountBy(answer => answer.Refusal!).ToDictionary(),
        Distribution.Of(milliseconds.Where((_, number) => answers[number].Accepted)),
        duration);
}
