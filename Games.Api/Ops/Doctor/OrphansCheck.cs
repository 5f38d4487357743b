using System.Runtime.CompilerServices;
using Games.Data;
using MassTransit;

namespace Games.Api.Ops.Doctor;

/// <summary>A kind of event that is without the effect that it promises.</summary>
internal interface IOrphans
{
    /// <summary>What is missing, as the screen says it.</summary>
    string Name { get; }

    /// <summary>A page of those older than a time by the order of their keys; <paramref name="after"/> is the last one of the page before.</summary>
    Task<IReadOnlyList<Orphan>> FindAsync(DateTimeOffset before, string? after, int limit, CancellationToken ct);
}

/// <summary>One of them.</summary>
/// <param name="Key">What it is known by.</param>
/// <param name="Event">The event that has to be published again, of a contract's type.</param>
internal sealed record Orphan(string Key, object Event);

/// <summary>Whether events have had their effects; and publishes those again that have not.</summary>
internal sealed class OrphansCheck(IEnumerable<IOrphans> kinds, IServiceScopeFactory scopes, DoctorOptions options, TimeProvider clock) : ICheck
{
    private const int Page = 100;
    private const int Named = 5;

    public string Subject => "orphans";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var kind in kinds)
        {
            var (count, first) = (0, new List<string>());
            await foreach (var page in PagesAsync(kind, ct))
            {
                count += page.Count;
                first.AddRange(page.Take(Named - first.Count).Select(orphan => orphan.Key));
            }

            yield return count == 0
                ? Finding.Ok(kind.Name, $"none older than {options.OlderThan.TotalMinutes:0.##} min")
                : Finding.Wrong(kind.Name, $"{count}: {string.Join(", ", first)}{(count > first.Count ? ", …" : "")}", "publish them again: dotnet run --project Games.Api -- doctor --republish");
        }
    }

    public async Task<int> CountAsync(CancellationToken ct)
    {
        var count = 0;
        foreach (var kind in kinds)
        {
            await foreach (var page in PagesAsync(kind, ct))
                count += page.Count;
        }

        return count;
    }

    /// <summary>
    /// Publishes what is an orphan through the outbox, a page a transaction; how many. Each gets a MessageId of its own, so that an inbox that
    /// has seen the first one lets it in; the unique key of the effect makes a repeat harmless.
    /// </summary>
    public async Task<int> RepublishAsync(CancellationToken ct)
    {
        var count = 0;
        foreach (var kind in kinds)
        {
            await foreach (var page in PagesAsync(kind, ct))
            {
                await using var scope = scopes.CreateAsyncScope();
                var publisher = scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();
                foreach (var orphan in page)
                    await publisher.Publish(orphan.Event, ct);
                await scope.ServiceProvider.GetRequiredService<GamesDbContext>().SaveChangesAsync(ct);
                count += page.Count;
            }
        }

        return count;
    }

    private async IAsyncEnumerable<IReadOnlyList<Orphan>> PagesAsync(IOrphans kind, [EnumeratorCancellation] CancellationToken ct)
    {
        var before = clock.GetUtcNow() - options.OlderThan;
        string? after = null;
        while (await kind.FindAsync(before, after, Page, ct) is { Count: > 0 } page)
        {
            yield return page;
            after = page[^1].Key;
        }
    }
}
