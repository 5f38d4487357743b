using Npgsql;

namespace Games.Tests.MainJob;

internal static class ScheduledMessages
{
    /// <summary>What is scheduled for a queue about a game is made due, as if it had been scheduled for now: exactly one message.</summary>
    public static async Task MakeDueAsync(this NpgsqlDataSource database, Guid id, string queue)
    {
        await using var due = database.CreateCommand(
            """
            UPDATE "OutboxMessage" SET "EnqueueTime" = now(), "NextAttempt" = now()
            WHERE "EnqueueTime" IS NOT NULL AND "Body" LIKE '%' || $1 || '%' AND "DestinationAddress" LIKE '%' || $2 || '%'
            """);
        due.Parameters.Add(new() { Value = $"{id}" });
        due.Parameters.Add(new() { Value = queue });
        Assert.Equal(1, await due.ExecuteNonQueryAsync());
    }
}
