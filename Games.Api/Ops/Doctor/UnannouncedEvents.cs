using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>Games of which the journal says that they were created, and that are not announced: those that <see cref="UnannouncedGames"/> cannot find.</summary>
internal sealed class UnannouncedEvents(GamesDbContext db) : JournalOrphans<GameCreated, UnannouncedEvents.Candidate>(db, Exchanges.GameCreated)
{
    public override string Name => $"{Exchanges.GameCreated} of the journal without announcement";

    protected override IQueryable<Candidate> Candidates(GamesDbContext db, DateTimeOffset before, Guid last, int limit) => db.Database.SqlQuery<Candidate>($$"""
        SELECT e.id AS "Id", e.payload::text AS "Payload", g.id IS NOT NULL AS "IsThere"
        FROM events AS e
        CROSS JOIN LATERAL (SELECT CASE
            WHEN e.payload ->> 'gameId' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN (e.payload ->> 'gameId')::uuid END) AS said (game_id)
        LEFT JOIN games AS g ON g.id = said.game_id
        WHERE e.event_type = {{Exchanges.GameCreated}} AND e.dispatched_at < {{before}} AND e.id > {{last}}
            AND (g.id IS NULL OR g.created_at >= {{before}})
            AND NOT EXISTS (SELECT FROM announcements AS a WHERE a.game_id = said.game_id)
            AND NOT EXISTS (SELECT FROM "OutboxMessage" AS o WHERE o."MessageId" = e.id AND o."Relayed" IS NULL)
        ORDER BY e.id LIMIT {{limit}}
        """);

    protected override Orphan? Judge(Candidate candidate, GameCreated message) => candidate.IsThere
        ? new(candidate.Id.ToString(), message)
        : new(candidate.Id.ToString(), null, $"there is no game {message.GameId}");

    internal sealed record Candidate(Guid Id, string Payload, bool IsThere) : IJournalCandidate;
}
