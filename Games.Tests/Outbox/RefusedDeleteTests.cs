using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>The database refuses for good to delete what was published: it must not be published again with every lease.</summary>
public sealed class RefusedDeleteTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Nothing_is_published_any_more_log_and_health_say_so_and_all_flows_when_it_deletes_again()
    {
        // Roles are the server's, which may have been given to the tests and seen them before.
        var role = $"may_not_delete_{Guid.NewGuid():n}";
        await using (var owner = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString))
        {
            await ExecuteAsync($"""
                CREATE ROLE {role} LOGIN;
                GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role};
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}
                """);
        }

        try
        {
            await using var service = await NotesService.StartAsync(
                new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role }.ConnectionString, broker.ConnectionString,
                x => x.AddConsumer<TakenConsumer>(), host: x =>
                {
                    x.Configuration["Outbox:Lease"] = "00:00:01";
                    x.Configuration["Outbox:MeasureInterval"] = "00:00:00";
                });
            await service.TakeNoteAsync("first");
            await Until.TrueAsync(async () => (await CheckAsync(service)).Status is HealthStatus.Unhealthy, "health says so");
            Assert.Contains("42501", (await CheckAsync(service)).Description);
            Assert.Single(service.Logs.At(LogLevel.Critical));
            await service.TakeNoteAsync("second");

            // Some leases later, each seen by its renewal.
            var seen = new HashSet<DateTime?>();
            await Until.TrueAsync(async () => seen.Add(await LeaseEndAsync(service)) && seen.Count > 8, "the lease was renewed many times");
            Assert.Equal(["first"], Taken(service));

            await ExecuteAsync($"""GRANT DELETE ON "OutboxMessage" TO {role}""");
            await Until.TrueAsync(() => Taken(service).Contains("second"), "messages flow again");
            await Until.TrueAsync(() => service.QueryAsync(db => db.Set<OutboxMessage>().AllAsync(x => false)), "all rows are gone");
            Assert.Equal(HealthStatus.Healthy, (await CheckAsync(service)).Status);
            Assert.Equal(["first", "second"], Taken(service));
        }
        finally
        {
            await ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_database_that_has_become_read_only_is_an_outage_and_no_refusal()
    {
        await using var service = await NotesService.StartAsync(
            database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(),
            host: x => x.Configuration["Outbox:MeasureInterval"] = "00:00:00");
        // What was published a moment before is to be deleted now.
        await ExecuteAsync("""
            CREATE FUNCTION only_reads() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'cannot execute DELETE in a read-only transaction' USING ERRCODE = '25006'; END $$;
            CREATE TRIGGER only_reads BEFORE DELETE ON "OutboxMessage" EXECUTE FUNCTION only_reads()
            """);
        try
        {
            await service.TakeNoteAsync("third");
            await Until.TrueAsync(() => service.Logs.At(LogLevel.Warning).Any(x => x.Contains("The database is not available")), "it is told of");
            Assert.DoesNotContain("refuses to delete", $"{(await CheckAsync(service)).Description}");
        }
        finally
        {
            await ExecuteAsync("DROP FUNCTION only_reads CASCADE");
        }

        await Until.TrueAsync(() => service.QueryAsync(db => db.Set<OutboxMessage>().AllAsync(x => false)), "all rows are gone");
        Assert.Equal(["third"], Taken(service));
        Assert.Empty(service.Logs.At(LogLevel.Critical));
    }

    private static Task<DateTime?> LeaseEndAsync(NotesService service) => service.QueryAsync(db =>
        db.Set<OutboxMessage>().Where(x => x.Body.Contains("first")).Select(x => x.LockedUntil).SingleAsync());

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<HealthReportEntry> CheckAsync(NotesService service) =>
        (await service.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(x => x.Tags.Contains("outbox"))).Entries["outbox"];

    private static string[] Taken(NotesService service) => service.Services.GetRequiredService<Seen>().Of<string>();

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message.Text);

            return Task.CompletedTask;
        }
    }
}
