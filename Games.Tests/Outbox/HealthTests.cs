using System.Diagnostics;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Games.Tests.Outbox;

public sealed class HealthTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private const string UnreachableBroker = "rabbitmq://guest:guest@127.0.0.1:1/";

    [Fact]
    public async Task A_message_that_waits_for_long_is_degraded()
    {
        await using var service = await BuildAsync(broker.ConnectionString);
        await using var patient = await BuildAsync(broker.ConnectionString, ("Outbox:DegradedAge", "01:00:00"));
        await service.TakeNoteAsync();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(service)).Status);
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "Created" = now() - interval '30 seconds'""");
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(service)).Status);

        await ExecuteAsync("""UPDATE "OutboxMessage" SET "Created" = now() - interval '70 seconds'""");

        var health = await CheckAsync(service);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("has waited for 7", health.Description);
        Assert.Equal(1L, health.Data["pending"]);

        await ExecuteAsync("""UPDATE "OutboxMessage" SET "Created" = now() - interval '59 minutes'""");
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(patient)).Status);
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "Created" = now() - interval '61 minutes'""");
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(patient)).Status);
    }

    [Fact]
    public async Task Dead_messages_are_degraded_from_the_number_on_that_the_option_says()
    {
        await using var patient = await BuildAsync(broker.ConnectionString, ("Outbox:DegradedDead", "2"));
        await using var strict = await BuildAsync(broker.ConnectionString);
        await strict.TakeNoteAsync();
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "NextAttempt" = 'infinity', "Dead" = now()""");

        var health = await CheckAsync(strict);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("1 message(s) are dead", health.Description);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(patient)).Status);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task A_relay_that_does_not_get_through_its_pass_is_unhealthy_until_it_does(string notifications)
    {
        await using var service = await BuildAsync(broker.ConnectionString, ("Outbox:UnhealthyAfter", "00:00:01"),
            ("Outbox:PollInterval", "00:00:00.200"),
            ("Outbox:Notifications", notifications), ("Outbox:KeepAliveInterval", "00:00:00.200"), ("Outbox:KeepAliveTimeout", "00:00:01"));
        await service.StartAsync();
        await Until.TrueAsync(async () => (await CheckAsync(service)).Status is HealthStatus.Healthy, "it is healthy");

        await using (var connection = new NpgsqlConnection(database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("""LOCK TABLE "OutboxMessage" IN ACCESS EXCLUSIVE MODE""", connection, transaction);
            await command.ExecuteNonQueryAsync();

            await Until.TrueAsync(async () => await CheckAsync(service) is { Status: HealthStatus.Unhealthy, Description: { } text }
                && text.Contains("has not finished a pass"), "the pass that hangs is noticed");
        }

        await Until.TrueAsync(async () => (await CheckAsync(service)).Status is HealthStatus.Healthy, "it is healthy again");
    }

    [Fact]
    public async Task A_relay_whose_broker_is_down_is_not_unhealthy()
    {
        await using var service = await BuildAsync(UnreachableBroker, ("Outbox:UnhealthyAfter", "00:00:00.500"));
        await service.StartAsync();
        var start = Stopwatch.GetTimestamp();

        await Until.TrueAsync(async () =>
        {
            Assert.Equal(HealthStatus.Healthy, (await CheckAsync(service)).Status);

            return Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(2);
        }, "it has been healthy for long enough");
    }

    [Fact]
    public async Task Messages_that_cannot_be_counted_are_degraded()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var service = await BuildAsync(broker.ConnectionString, through);
        line.Freeze();

        var health = await CheckAsync(service);

        line.Thaw();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("cannot be counted", health.Description);
    }

    private Task<NotesService> BuildAsync(string broker, params (string Key, string Value)[] settings) =>
        BuildAsync(broker, database.ConnectionString, settings);

    private static async Task<NotesService> BuildAsync(string broker, string connectionString, params (string Key, string Value)[] settings)
    {
        var service = await NotesService.BuildAsync(connectionString, broker, host: x =>
        {
            x.Configuration["Outbox:MeasureInterval"] = "00:00:00";
            x.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
            x.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = false);
        });
        await service.QueryAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());

        return service;
    }

    private static async Task<HealthReportEntry> CheckAsync(NotesService service) =>
        (await service.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(x => x.Tags.Contains("outbox"))).Entries["outbox"];

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
