using Games.Bench.Measuring;

namespace Games.Bench.Mix;

/// <summary>The figures of a mix, beside those of creating alone in the same run.</summary>
/// <param name="CreatesPerSecond">POSTs that were accepted a second: half of them before the mix, half of them after it.</param>
/// <param name="SecondsToRest">From the last answer of the mix until every announcement was at its game's last version; null if not.</param>
internal sealed record MixFigures(int Requests, double CreatesPerSecond, MixAnswers Answers, double? SecondsToRest, IReadOnlyList<string> Wrong)
{
    public const double LeastRatio = 0.5;

    public double Ratio => Answers.DonePerSecond / CreatesPerSecond;

    public bool Passed => !Complaints.Any();

    public IEnumerable<string> Complaints
    {
        get
        {
            foreach (var wrong in Wrong)
                yield return wrong;
            foreach (var (refusal, times) in Answers.Unexpected)
                yield return $"{times} requests of the mix were refused: {refusal}.";
            if (!(Ratio >= LeastRatio))
                yield return $"The mix has {Ratio:0.00} of the requests a second of creating alone, less than {LeastRatio}.";
        }
    }
}
