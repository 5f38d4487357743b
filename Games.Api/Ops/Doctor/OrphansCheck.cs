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
/// <param name="Event">The event that has to be published again, of a contract's type; null if that would not help.</param>
/// <param name="Hopeless">Why it would not; null if it may.</param>
internal sealed record Orphan(string Key, object? Event, string? Hopeless = null);

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
            var (hopeless, reasons) = (0, new List<string>());
            await foreach (var page in PagesAsync(kind, ct))
            {
                var mendable = page.Where(orphan => orphan.Event is not null).ToList();
                count += mendable.Count;
                first.AddRange(mendable.Take(Named - first.Count).Select(orphan => orphan.Key));
                hopeless += page.Count - mendable.Count;
                reasons.AddRange(page.Where(orphan => orphan.Event is null).Take(Named - reasons.Count).Select(orphan => $"{orphan.Key} ({orphan.Hopeless})"));
            }

            if (count > 0)
                yield return Finding.Wrong(kind.Name, Words(count, first), "publish them again: dotnet run --project Games.Api -- doctor --republish");
            if (hopeless > 0)
                yield return Finding.Wrong($"{kind.Name}, for good", Words(hopeless, reasons), "to publish them again does not help: publish what is right under a new id, then DELETE FROM events WHERE id = '…'");
            if (count + hopeless == 0)
                yield return Finding.Ok(kind.Name, $"none older than {options.OlderThan.TotalMinutes:0.##} min");
        }

        static string Words(int count, List<string> first) => $"{count}: {string.Join(", ", first)}{(count > first.Count ? ", …" : "")}";
    }

    public async Task<int> CountAsync(CancellationToken ct)
    {
        var count = 0;
        foreach (var kind in kinds)
        {
            await foreach (var page in PagesAsync(kind, ct))
                count += page.Count(orphan => orphan.Event is not null);
        }

        return count;
    }

    /// <summary>
    /// Publishes what is an orphan through the outbox, a page a transaction; how many. Each gets a MessageId of its own: an inbox that has seen the
    /// first one, whose effect is gone all the same, would swallow it. The unique key of the effect makes a repeat harmless.
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
                {
                    if (orphan.Event is null)
                        continue;
                    await publisher.Publish(orphan.Event, ct);
                    count++;
                }

                await scope.ServiceProvider.GetRequiredService<GamesDbContext>().SaveChangesAsync(ct);
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
