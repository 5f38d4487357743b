namespace Games.Outbox.Database;

internal static class NotificationChannel
{
    /// <summary>
    /// A query for the channel of a table's notifications. By the table's full name, as the server knows it: whatever schema a model names or
    /// leaves to the search path, those who share the table share the channel, and no other application in the database does.
    /// </summary>
    /// <param name="oid">The table's oid, as an SQL expression.</param>
    public static string Of(string oid) => $"""
        SELECT 'outbox_' || left(encode(sha256(convert_to(format('%I.%I', n.nspname, c.relname), 'UTF8')), 'hex'), 32)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {oid}
        """;
}
