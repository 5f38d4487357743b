using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Ops.Doctor;

/// <summary>Messages of Discord whose row is missing, or does not know of an edit or of the deletion.</summary>
internal sealed class UnstoredMessages(GamesDbContext db, TimeProvider clock)
    : JournalOrphans<DiscordMessageReceived, UnstoredMessages.Candidate>(db, Exchanges.DiscordMessageReceived)
{
    private static readonly JsonElement NothingRaw = JsonElement.Parse("{}");

    public override string Name => $"{Exchanges.DiscordMessageReceived} without its row";

    protected override IQueryable<Candidate> Candidates(GamesDbContext db, DateTimeOffset before, Guid last, int limit) => db.Database.SqlQuery<Candidate>($"""
        SELECT e.id AS "Id", e.payload::text AS "Payload", m.author_id IS NOT NULL AS "IsStored", m.edited_at AS "EditedAt", m.deleted_at IS NOT NULL AS "IsDeleted"
        FROM events AS e LEFT JOIN discord_messages AS m ON m.message_id = e.payload ->> 'messageId'
        WHERE e.event_type = {Exchanges.DiscordMessageReceived} AND e.dispatched_at < {before} AND e.id > {last}
            AND (m.author_id IS NULL OR e.payload ->> 'editedAt' IS NOT NULL OR e.payload ->> 'deletedAt' IS NOT NULL)
            AND NOT EXISTS (SELECT FROM "OutboxMessage" AS o WHERE o."MessageId" = e.id AND o."Relayed" IS NULL)
        ORDER BY e.id LIMIT {limit}
        """);

    protected override Orphan? Judge(Candidate candidate, DiscordMessageReceived x)
    {
        // As the bot does: what it would refuse again need not be sent again.
        var message = DiscordMessage.Create(
            x.MessageId, x.ChannelId, x.GuildId, x.AuthorId, x.AuthorName, x.Content, x.SentAt, x.Attachments, x.Embeds, x.IsForwarded, x.EditedAt, x.DeletedAt,
            NothingRaw, clock.GetUtcNow());
        var hasEffect = message.DeletedAt is not null
            ? candidate.IsDeleted
            : candidate.IsStored && (message.EditedAt is not { } edited || candidate.EditedAt >= edited);

        return hasEffect ? null : new(candidate.Id.ToString(), x);
    }

    internal sealed record Candidate(Guid Id, string Payload, bool IsStored, DateTimeOffset? EditedAt, bool IsDeleted) : IJournalCandidate;
}
