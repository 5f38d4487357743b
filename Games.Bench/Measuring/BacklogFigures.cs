namespace Games.Bench.Measuring;

/// <summary>How many POSTs a second were accepted while nothing left the outbox.</summary>
/// <param name="Pending">Rows in the outbox at the beginning of a round with a backlog.</param>
/// <param name="Without">POSTs a second that began with an empty outbox, by round.</param>
/// <param name="With">The same with the backlog.</param>
internal sealed record BacklogFigures(int Pending, IReadOnlyList<double> Without, IReadOnlyList<double> With)
{
    public double WithoutMedian => Distribution.MedianOf(Without);

    public double WithMedian => Distribution.MedianOf(With);

    public double Ratio => WithMedian / WithoutMedian;
}
