using Games.Bench.Measuring;

namespace Games.Bench.Lists;

/// <summary>The requests of a measurement.</summary>
/// <param name="Pages">How many pages of 100 the page deep inside is behind the first, if the list is as long.</param>
internal sealed record ListsLoad(ManyGames Many, int Requests, int Clients, int Pages);

/// <summary>One list.</summary>
/// <param name="First">Milliseconds from the request to the last byte of the first page.</param>
/// <param name="Deep">The same of a page deep inside, or of the last.</param>
/// <param name="Scanned">Tables of which a plan reads all rows.</param>
/// <param name="Plans">How many were seen.</param>
/// <param name="MostDiscarded">Rows that one step of a plan has read for nothing.</param>
/// <param name="Refused">Requests that were not answered 200, by their status.</param>
internal sealed record ListFigures(
    string Name,
    string Order,
    Distribution First,
    Distribution Deep,
    int Plans,
    IReadOnlyList<string> Scanned,
    long MostDiscarded,
    IReadOnlyDictionary<string, int> Refused)
{
    public string Title => $"{Name}, {Order} first";
}

/// <param name="FillSeconds">From empty tables to analyzed ones with all their indexes.</param>
/// <param name="Limit">Milliseconds of the first page of all games, newest first, of the limit.</param>
internal sealed record ListsFigures(ListsLoad Load, double FillSeconds, Distribution Limit, IReadOnlyList<ListFigures> Lists)
{
    public const double MostMilliseconds = 20;

    public bool Passed => !Complaints.Any();

    /// <summary>What would be wrong on any machine: how fast it is, is shown, in red if it is slower than asked for.</summary>
    public IEnumerable<string> Complaints
    {
        get
        {
            foreach (var list in Lists)
            {
                if (list.Plans == 0)
                    yield return $"{list.Title}: PostgreSQL has logged no plan.";
                foreach (var table in list.Scanned)
                    yield return $"{list.Title}: a plan reads all of {table}.";
                foreach (var (refusal, times) in list.Refused)
                    yield return $"{list.Title}: {times} requests were answered {refusal}.";
            }
        }
    }
}
