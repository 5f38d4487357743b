using System.Runtime.CompilerServices;
using System.Text.Json;
using Games.Data;
using Games.Journal;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>An event as the journal has it.</summary>
internal sealed record JournaledEvent(Guid Id, JsonElement Payload);

/// <summary>
/// Events of one type that were dispatched and are without the effect that their type promises, found by a walk through the journal, page by page.
/// What is still in the outbox only waits.
/// </summary>
internal abstract class JournalOrphans<TContract>(GamesDbContext db, string eventType) : IOrphans
    where TContract : class
{
    private const int Page = 1_000;
    private const int PageCharacters = 8 * 1024 * 1024;

    // A page may lie behind a million events of other types.
    private static readonly TimeSpan StatementTimeout = TimeSpan.FromMinutes(5);

    public abstract string Name { get; }

    public async IAsyncEnumerable<Orphan> FindAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken ct)
    {
        db.Database.SetCommandTimeout(StatementTimeout);
        var last = Guid.Empty;

        while (await ReadAsync(before, last, ct) is [.., var end] page)
        {
            var orphans = await FindAsync(page, before, ct);
            var waiting = await WaitingAsync(orphans, ct);
            foreach (var orphan in orphans.Where(orphan => !waiting.Contains(orphan.Id)))
                yield return orphan;
            last = end.Id;
        }
    }

    /// <summary>Those of a page that are without their effect.</summary>
    protected abstract Task<List<Orphan>> FindAsync(IReadOnlyList<JournaledEvent> page, DateTimeOffset before, CancellationToken ct);

    /// <summary>What <paramref name="judge"/> says of the event's message; an orphan without hope if the payload breaks a rule.</summary>
    protected Orphan? Judge(JournaledEvent journaled, Func<TContract, Orphan?> judge)
    {
        try
        {
            return judge((TContract)KnownEvents.Read(eventType, typeof(TContract), journaled.Payload));
        }
        catch (Exception e) when (e is EventRefusedException or InvalidDiscordMessageException or JsonException)
        {
            return new(journaled.Id, null, e.Message);
        }
    }

    private async Task<List<JournaledEvent>> ReadAsync(DateTimeOffset before, Guid last, CancellationToken ct)
    {
        var events = db.Events
            .Where(e => e.EventType == eventType && e.DispatchedAt < before && e.Id > last)
            .OrderBy(e => e.Id)
            .Take(Page)
            .Select(e => new { e.Id, e.Payload });
        var (page, characters) = (new List<JournaledEvent>(), 0);
        await foreach (var e in events.AsAsyncEnumerable().WithCancellation(ct))
        {
            page.Add(new(e.Id, StoredJson.Parse(e.Payload)));
            characters += e.Payload.Length;
            if (characters > PageCharacters)
                break;
        }

        return page;
    }

    private async Task<HashSet<Guid>> WaitingAsync(List<Orphan> orphans, CancellationToken ct)
    {
        if (orphans is [])
            return [];

        var ids = orphans.Select(orphan => orphan.Id).ToArray();
        return await db.Set<OutboxMessage>().Where(x => x.Relayed == null && ids.Contains(x.MessageId)).Select(x => x.MessageId).ToHashSetAsync(ct);
    }
}
