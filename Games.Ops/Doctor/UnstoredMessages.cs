using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>Messages of Discord whose row is missing, or does not know of an edit or of the deletion.</summary>
internal sealed class UnstoredMessages(GamesDbContext db, TimeProvider clock)
    : JournalOrphans<DiscordMessageReceived>(db, Exchanges.DiscordMessageReceived)
{
    private static readonly JsonElement NothingRaw = JsonElement.Parse("{}");

    private readonly GamesDbContext _db = db;

    public override string Name => $"{Exchanges.DiscordMessageReceived} without its row";

    protected override async Task<List<Orphan>> FindAsync(IReadOnlyList<JournaledEvent> page, DateTimeOffset before, CancellationToken ct)
    {
        var messageIds = page.Select(MessageId).OfType<string>().ToArray();
        var rows = await _db.DiscordMessages
            .Where(x => messageIds.Contains(x.MessageId))
            .Select(x => new { x.MessageId, Row = new StoredRow(x.AuthorId != null, x.EditedAt, x.DeletedAt != null) })
            .ToDictionaryAsync(x => x.MessageId, x => x.Row, ct);

        var orphans = new List<Orphan>();
        foreach (var journaled in page)
        {
            var row = MessageId(journaled) is { } id && rows.TryGetValue(id, out var found) ? found : default;
            // Nearly every event ends here: only those that remain are read as strictly as the bot reads them.
            if (row.IsStored && !Has(journaled, "editedAt") && !Has(journaled, "deletedAt"))
                continue;
            if (Judge(journaled, message => HasEffect(message, row) ? null : new(journaled.Id, message)) is { } orphan)
                orphans.Add(orphan);
        }

        return orphans;
    }

    /// <exception cref="InvalidDiscordMessageException">The bot refused it, and would again.</exception>
    private bool HasEffect(DiscordMessageReceived x, StoredRow row)
    {
        var message = DiscordMessage.Create(
            x.MessageId, x.ChannelId, x.GuildId, x.AuthorId, x.AuthorName, x.Content, x.SentAt,
            x.Attachments, x.Embeds, x.Stickers, x.Poll, x.IsForwarded, x.EditedAt, x.DeletedAt, NothingRaw, clock.GetUtcNow());
        if (message.DeletedAt is not null)
            return row.IsDeleted;

        return row.IsStored && (message.EditedAt is not { } edited || row.EditedAt >= edited);
    }

    private static string? MessageId(JournaledEvent journaled) =>
        journaled.Payload.TryGetProperty("messageId", out var id) && id.ValueKind is JsonValueKind.String ? id.GetString() : null;

    private static bool Has(JournaledEvent journaled, string field) =>
        journaled.Payload.TryGetProperty(field, out var value) && value.ValueKind is not JsonValueKind.Null;

    private readonly record struct StoredRow(bool IsStored, DateTimeOffset? EditedAt, bool IsDeleted);
}
