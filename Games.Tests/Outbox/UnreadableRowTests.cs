using Games.Outbox.Inspection;
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

/// <summary>A row holds what PostgreSQL can hold and .NET cannot, or what is no message.</summary>
public sealed class UnreadableRowTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData("SourceAddress", "x")]
    [InlineData("DestinationAddress", "x")]
    [InlineData("DestinationAddress", "http://localhost/nowhere")]
    [InlineData("ResponseAddress", "not an address")]
    [InlineData("FaultAddress", "")]
    [InlineData("ExpirationTime", "infinity")]
    [InlineData("ExpirationTime", "294276-12-31")]
    [InlineData("Headers", "no JSON")]
    [InlineData("Headers", "[1]")]
    [InlineData("Headers", "{\"a\": ")]
    [InlineData("Properties", "no JSON")]
    [InlineData("Properties", "7")]
    [InlineData("ContentType", "none")]
    [InlineData("ContentType", "")]
    public async Task It_alone_counts_an_attempt_and_steps_aside_with_its_error(string column, string value)
    {
        await using var service = await BuildAsync();
        await service.TakeNoteAsync("bad");
        await SetAsync(column, value);
        var good = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => service.TakeNoteAsync()));

        await service.StartAsync();

        await Until.TrueAsync(() => good.All(x => Taken(service).Contains(x.Text)), "the others have arrived");
        await Until.TrueAsync(() => RowsAsync(service, x => x.Attempts > 0 && x.LastError != null), "it has counted an attempt");
        await Until.TrueAsync(() => RowsAsync(service, x => x.Dead != null), "it is dead in the end");
        Assert.DoesNotContain(service.Logs.At(LogLevel.Warning), x => x.Contains("does not answer"));
        var inspection = service.Services.GetRequiredService<OutboxInspection<NotesDbContext>>();
        Assert.NotNull(Assert.Single((await inspection.ListAsync(OutboxMessageState.Dead, 10)).Items).LastError);
    }

    [Theory]
    [InlineData("SentTime", "infinity")]
    [InlineData("SentTime", "294276-12-31")]
    [InlineData("Created", "infinity")]
    [InlineData("Created", "-infinity")]
    [InlineData("Created", "294276-12-31")]
    [InlineData("Created", "4000-01-01 BC")]
    [InlineData("EnqueueTime", "-infinity")]
    [InlineData("NextAttempt", "-infinity")]
    [InlineData("LockedUntil", "-infinity")]
    public async Task A_time_that_the_relay_does_not_need_keeps_nothing_back(string column, string value)
    {
        await using var service = await BuildAsync();
        await service.TakeNoteAsync("bad");
        await SetAsync(column, value);
        var inspection = service.Services.GetRequiredService<OutboxInspection<NotesDbContext>>();
        Assert.Single((await inspection.ListAsync(OutboxMessageState.Pending, 10)).Items);
        Assert.Equal(1, (await inspection.SummariseAsync()).Pending.Rows);
        Assert.NotEqual("The messages that wait cannot be counted.", (await CheckAsync(service)).Description);

        await service.StartAsync();

        await Until.TrueAsync(() => Taken(service).Contains("bad"), "it has arrived");
    }

    [Theory]
    [InlineData("\"NextAttempt\" = '294276-12-31'")]
    [InlineData("\"LockId\" = gen_random_uuid(), \"LockedUntil\" = 'infinity'")]
    [InlineData("\"LockId\" = gen_random_uuid(), \"LockedUntil\" = '294276-12-31'")]
    [InlineData("\"LockId\" = gen_random_uuid(), \"Created\" = 'infinity'")]
    public async Task One_that_waits_for_ever_holds_up_no_other(string values)
    {
        await using var service = await BuildAsync();
        await service.TakeNoteAsync("bad");
        await ExecuteAsync($"""UPDATE "OutboxMessage" SET {values}""");
        await service.StartAsync();
        await Until.TrueAsync(() => service.Logs.At(LogLevel.Information).Any(x => x.Contains("messages flow")), "messages flow");

        // By somebody who tells nobody: only a look at the table finds it.
        await ExecuteAsync("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "DestinationAddress")
            SELECT gen_random_uuid(), now(), "ContentType", "MessageType", replace("Body", 'bad', 'good'), "DestinationAddress" FROM "OutboxMessage"
            """);

        await Until.TrueAsync(() => Taken(service).Contains("good"), "the other has arrived");
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(service)).Status);
        Assert.Empty(service.Logs.At(LogLevel.Warning));
    }

    private async Task<NotesService> BuildAsync()
    {
        var service = await NotesService.BuildAsync(
            database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(), host: x =>
        {
            x.Configuration["Outbox:MaxAttempts"] = "2";
            x.Configuration["Outbox:RetryDelay"] = "00:00:00.020";
            x.Configuration["Outbox:KeepAliveInterval"] = "00:00:00.200";
            x.Configuration["Outbox:MeasureInterval"] = "00:00:00";
            x.Configuration["Outbox:DegradedAge"] = "1.00:00:00";
        });
        await service.QueryAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());
        await service.QueryAsync(db => db.Notes.ExecuteDeleteAsync());

        return service;
    }

    private Task SetAsync(string column, string value) => ExecuteAsync($"""UPDATE "OutboxMessage" SET "{column}" = '{value}'""");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    // Not as entities: EF Core reads such a row no better.
    private static Task<bool> RowsAsync(NotesService service, System.Linq.Expressions.Expression<Func<OutboxMessage, bool>> hold) =>
        service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(hold));

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
