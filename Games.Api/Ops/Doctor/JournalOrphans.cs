using System.Text.Json;
using Games.Data;
using Games.Journal;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>
/// Events of one type that left the journal and are without the effect that their type promises. What is still in the outbox only waits.
/// </summary>
internal abstract class JournalOrphans<TContract, TCandidate>(GamesDbContext db, string eventType) : IOrphans
    where TContract : class
    where TCandidate : IJournalCandidate
{
    // Through a long journal, for a person who waits.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public abstract string Name { get; }

    public async Task<IReadOnlyList<Orphan>> FindAsync(DateTimeOffset before, string? after, int limit, CancellationToken ct)
    {
        db.Database.SetCommandTimeout(Patience);
        var orphans = new List<Orphan>();
        var last = after is null ? Guid.Empty : Guid.Parse(after);

        // An empty page is the end, so one whose candidates all turn out to be sound is not shown.
        while (orphans.Count == 0 && await Candidates(db, before, last, limit).ToListAsync(ct) is { Count: > 0 } candidates)
        {
            orphans.AddRange(candidates.Select(Examine).OfType<Orphan>());
            last = candidates[^1].Id;
        }

        return orphans;
    }

    /// <summary>Dispatched before a time, in the order of their ids, each with its id and payload and all that may be without effect.</summary>
    protected abstract IQueryable<TCandidate> Candidates(GamesDbContext db, DateTimeOffset before, Guid last, int limit);

    /// <summary>The orphan that it is; null if it has had its effect.</summary>
    protected abstract Orphan? Judge(TCandidate candidate, TContract message);

    private Orphan? Examine(TCandidate candidate)
    {
        try
        {
            using var payload = JsonDocument.Parse(candidate.Payload);
            return Judge(candidate, (TContract)KnownEvents.Read(eventType, typeof(TContract), payload.RootElement.Clone()));
        }
        catch (Exception e) when (e is EventRefusedException or InvalidDiscordMessageException)
        {
            return new(candidate.Id.ToString(), null, e.Message);
        }
    }
}

/// <summary>An event of the journal that may be an orphan.</summary>
internal interface IJournalCandidate
{
    Guid Id { get; }
    string Payload { get; }
}
