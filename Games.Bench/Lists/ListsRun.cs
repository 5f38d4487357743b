using System.Text.Json;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Lists;

/// <summary>Asks one API for each list: the first page, and one deep inside, with new values each time.</summary>
internal sealed class ListsRun(ApiConnections api, NpgsqlDataSource database, QueryPlans plans, ListsLoad load)
{
    private const int Done = 200;
    private const int MostOnAPage = 100;
    private const int WarmUp = 60_000;
    private const int Places = 16;

    // More than it takes until statements are prepared, and until PostgreSQL plans them without their values.
    private const int ToGenericPlans = 12;

    /// <param name="explained">Gets the plans of each list.</param>
    public async Task<IReadOnlyList<ListFigures>> RunAsync(
        IReadOnlyList<ListQuery> lists, Action<ListQuery, IReadOnlyList<string>> explained, BeginPhase begin, CancellationToken ct)
    {
        // The first minute of a process under full load is its compiler's: until then p50 is twice what it is later.
        await MeasureAsync(number => lists[number % lists.Count].Path(new Random(number)), WarmUp, ct);
        var (figures, phase) = (new List<ListFigures>(), begin($"{lists.Count} lists asked for", lists.Count));
        foreach (var list in lists)
        {
            var places = await PlacesAsync(list, ct);
            await MeasureAsync(number => list.Path(new Random(-number)), load.Requests / 4, ct);
            var first = await MeasureAsync(number => list.Path(new Random(number)), load.Requests, ct);
            await MeasureAsync(number => places[number % places.Count], load.Requests / 4, ct);
            var deep = await MeasureAsync(number => places[number % places.Count], load.Requests, ct);

            var seen = await plans.OfAsync(database, () => ExplainAsync(list, places, ct), ct);
            explained(list, seen);
            figures.Add(new(
                list.Name,
                list.Order,
                first.Milliseconds,
                deep.Milliseconds,
                seen.Count,
                [.. QueryPlans.ScannedIn(seen)],
                QueryPlans.MostDiscardedIn(seen),
                first.Refused.Concat(deep.Refused).GroupBy(one => one.Key, one => one.Value).ToDictionary(one => one.Key, one => one.Sum())));
            phase.Report(figures.Count);
        }
        return figures;
    }

    /// <summary>Milliseconds of the first page of the limit, when it is warm.</summary>
    public async Task<Distribution> FirstPageAsync(ListQuery list, CancellationToken ct)
    {
        await MeasureAsync(_ => list.Path(new Random(0)), WarmUp, ct);
        var (milliseconds, refused) = await MeasureAsync(number => list.Path(new Random(number)), load.Requests, ct);
        return refused.Count == 0 ? milliseconds : throw new BenchException($"The limit's list was answered {string.Join(", ", refused.Keys)}.");
    }

    private async Task<(Distribution Milliseconds, IReadOnlyDictionary<string, int> Refused)> MeasureAsync(
        Func<int, string> path, int requests, CancellationToken ct)
    {
        var (replies, milliseconds, _) = await ClosedLoop.RunAsync(
            (number, stop) => api.GetAsync(path(number), stop), requests, load.Clients, new Progress<double>(), ct);
        return (
            Distribution.Of(milliseconds.Where((_, number) => replies[number].Reply.Status == Done)),
            replies.Where(one => one.Reply.Status != Done).CountBy(one => one.Reply.Name).ToDictionary());
    }

    /// <summary>Pages deep inside, as far as there are pages.</summary>
    private async Task<IReadOnlyList<string>> PlacesAsync(ListQuery list, CancellationToken ct)
    {
        var places = new List<string>();
        for (var place = 0; place < Places; place++)
        {
            // The same values for each page of a list.
            string Path(string? cursor, int? limit) => list.Path(new Random(1_000_000 + place), cursor, limit);
            string? cursor = null;
            for (var page = 0; page < load.Pages && await NextAsync(Path(cursor, MostOnAPage), ct) is { } next; page++)
                cursor = next;
            places.Add(Path(cursor, limit: null));
        }
        return places;
    }

    private async Task<string?> NextAsync(string path, CancellationToken ct)
    {
        var (reply, body) = await api.GetAsync(path, ct);
        if (reply.Status != Done)
            throw new BenchException($"{path} was answered {reply.Name}.");

        using var page = JsonDocument.Parse(body);
        return page.RootElement.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
    }

    private async Task ExplainAsync(ListQuery list, IReadOnlyList<string> places, CancellationToken ct)
    {
        for (var number = 0; number < ToGenericPlans; number++)
        {
            await api.GetAsync(list.Path(new Random(number)), ct);
            await api.GetAsync(places[number % places.Count], ct);
        }
    }
}
