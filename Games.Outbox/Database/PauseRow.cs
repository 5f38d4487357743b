using System.Text;

namespace Games.Outbox.Database;

/// <summary>
/// The row of the state table that says: relay nothing. A row, so that it holds for every process and across restarts; in that table,
/// because ours does not use it otherwise, and the published package finds no message that belongs to the row.
/// </summary>
internal static class PauseRow
{
    private const int NoteBytes = 16;

    /// <summary>The row's OutboxId: "outbox", then "paused", as far as a version 8 UUID lets them stand.</summary>
    public static readonly Guid Id = new("6f757462-6f78-8000-8000-706175736564");

    /// <summary>
    /// Who paused, as far as the row can hold it: the table has no column for text, so the first 16 bytes of the name stand in LockId,
    /// which nobody reads of this row.
    /// </summary>
    public static Guid Note(string by)
    {
        var bytes = new byte[NoteBytes];
        Encoding.UTF8.GetEncoder().Convert(by, bytes, flush: true, out _, out _, out _);

        return new(bytes, bigEndian: true);
    }

    /// <summary>The name that <see cref="Note" /> has kept.</summary>
    public static string Read(Guid note) => Encoding.UTF8.GetString(note.ToByteArray(bigEndian: true)).TrimEnd('\0');
}
