using Games.Tests.Messaging;
using Games.Tests.Servers;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>A table of an older version of the outbox, whose next migration was forgotten. Without a table at all: ShopWithoutTablesTests.</summary>
public sealed class MissingColumnTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task It_is_told_which_column_is_missing_and_what_to_do()
    {
        await using (await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString))
            await ExecuteAsync("""ALTER TABLE "OutboxMessage" RENAME COLUMN "LockedUntil" TO "Hidden" """);

        await using var service = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString);

        await Until.TrueAsync(
            () => service.Logs.At(LogLevel.Error).Any(line =>
                line.Contains("LockedUntil") && line.Contains("does not exist): add a migration for NotesDbContext")),
            "the missing column is named");
        Assert.DoesNotContain(service.Logs.At(LogLevel.Warning), line => line.Contains("does not answer") || line.Contains("cannot be read"));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
