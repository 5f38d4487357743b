using System.Diagnostics;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.RabbitMqTransport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

[Collection(nameof(Alone))]
public sealed class SchedulingTests(EmptyDatabase database, TestBroker broker, TestServers servers) : IClassFixture<EmptyDatabase>,
    IClassFixture<TestBroker>
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(+10)]
    [InlineData(-10)]
    public async Task A_delay_is_kept_to_the_second_however_far_the_clocks_are_apart(int minutes)
    {
        var skewed = await SkewedDatabaseAsync(minutes);
        await using var service = await BuildAsync(x => x.AddConsumer<TakenConsumer>(), skewed);
        await service.StartAsync();
        var watch = Stopwatch.StartNew();

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), $"skewed {minutes}"), x =>
            {
                x.Delay = Delay;
                x.TimeToLive = TimeSpan.FromMinutes(1);
            });
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Arrivals(service, $"skewed {minutes}").Length == 1, "it has arrived");
        Assert.InRange(watch.Elapsed, Delay, Delay + TimeSpan.FromSeconds(2));
        Assert.InRange(Arrivals(service, $"skewed {minutes}").Single().TimeToLive, TimeSpan.FromSeconds(58), TimeSpan.FromSeconds(60));
        await TestServers.DropDatabaseAsync(skewed);
    }

    [Fact]
    public async Task What_is_due_later_survives_the_process()
    {
        var watch = Stopwatch.StartNew();
        await using (var process = await BuildAsync())
        {
            await process.InScopeAsync(async (db, publisher) =>
            {
                await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), "after the restart"), x => x.Delay = Delay);
                await db.SaveChangesAsync();
            });
        }

        await using var heir = await BuildAsync(x => x.AddConsumer<TakenConsumer>());
        await heir.StartAsync();
        var started = watch.Elapsed;

        await Until.TrueAsync(() => Arrivals(heir, "after the restart").Length == 1, "it has arrived");
        Assert.InRange(watch.Elapsed, Delay, (started > Delay ? started : Delay) + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_scheduler_publishes_and_sends_at_the_given_time()
    {
        await using var service = await BuildAsync(x => x.AddConsumer<TakenConsumer>().Endpoint(e => e.Name = "scheduled-notes"));
        await service.StartAsync();
        var due = TimeProvider.System.GetUtcNow().UtcDateTime + Delay;
        Guid[] tokens = [];

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            var published = await scheduler.SchedulePublish(due, new NoteTaken(Guid.CreateVersion7(), "scheduled: published"));
            var sent = await scheduler.ScheduleSend(new Uri("queue:scheduled-notes"), due, new NoteTaken(Guid.CreateVersion7(), "scheduled: sent"));
            tokens = [published.TokenId, sent.TokenId];
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Arrivals(service, "scheduled: ").Length == 2, "both have arrived");
        Assert.All(Arrivals(service, "scheduled: "), x => Assert.InRange(x.At, due, due.AddSeconds(2)));
        Assert.Equal(tokens.Order(), Arrivals(service, "scheduled: ").Select(x => x.Token!.Value).Order());
    }

    [Fact]
    public async Task A_cancelled_message_is_gone_with_the_save()
    {
        await using var service = await BuildAsync();
        var token = await service.ScheduleAsync("cancelled");

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            Assert.True(await service.IsScheduledAsync(token));
            await db.SaveChangesAsync();
        });

        Assert.False(await service.IsScheduledAsync(token));
    }

    [Fact]
    public async Task A_cancellation_whose_save_fails_has_no_effect_and_one_saved_with_other_changes_has()
    {
        await using var service = await BuildAsync();
        var token = await service.ScheduleAsync("cancelled with a note");
        await service.TakeNoteAsync("taken once");

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            var note = db.Add(new Note { Text = "taken once" });
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
            Assert.True(await service.IsScheduledAsync(token));

            note.Entity.Text = "taken twice";
            db.SaveChanges();
        });

        Assert.False(await service.IsScheduledAsync(token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancellation_is_part_of_the_transaction(bool known)
    {
        await using var service = await BuildAsync();
        var token = await service.ScheduleAsync("cancelled in a transaction");

        await InTransactionAsync("ROLLBACK");
        Assert.True(await service.IsScheduledAsync(token));

        await InTransactionAsync("COMMIT");
        Assert.False(await service.IsScheduledAsync(token));

        Task InTransactionAsync(string end) => service.ScheduledAsync(async (db, scheduler) =>
        {
            await using var transaction = known ? await db.Database.BeginTransactionAsync() : null;
            if (!known)
            {
                await db.Database.OpenConnectionAsync();
                await db.Database.ExecuteSqlRawAsync("BEGIN");
            }

            db.Add(new Note { Text = $"beside a cancellation {Guid.NewGuid()}" });
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            await db.SaveChangesAsync();

            if (!known)
                await db.Database.ExecuteSqlRawAsync(end);
            else if (end == "COMMIT")
                await transaction!.CommitAsync();
        });
    }

    [Fact]
    public async Task What_was_sent_already_is_cancelled_without_an_error()
    {
        await using var service = await BuildAsync();

        await CancelAsync(service, Guid.CreateVersion7());

        Assert.Contains(service.Logs.At(LogLevel.Information), x => x.Contains("had been sent or cancelled before"));
    }

    [Fact]
    public async Task What_is_being_published_is_not_cancelled()
    {
        await using var service = await BuildAsync();
        var token = await service.ScheduleAsync("in flight");
        await service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.SchedulingToken == token)
            .ExecuteUpdateAsync(x => x.SetProperty(row => row.LockId, Guid.CreateVersion7())));

        await CancelAsync(service, token);

        Assert.True(await service.IsScheduledAsync(token));
    }

    [Fact]
    public async Task Scheduled_and_cancelled_in_one_scope_leaves_nothing()
    {
        await using var service = await BuildAsync();
        Guid token = default;

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            token = (await scheduler.SchedulePublish(SchedulingScopes.Tomorrow, new NoteTaken(Guid.CreateVersion7(), "second thoughts"))).TokenId;
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            await db.SaveChangesAsync();
        });

        Assert.False(await service.IsScheduledAsync(token));
    }

    [Fact]
    public async Task A_cancellation_without_a_save_is_named_in_a_warning()
    {
        await using var service = await BuildAsync();

        await service.ScheduledAsync((_, scheduler) => scheduler.CancelScheduledPublish<NoteTaken>(Guid.CreateVersion7()));

        Assert.Contains(service.Logs.At(LogLevel.Warning), x => x.Contains("cancelled") && x.Contains("SaveChanges"));
    }

    [Fact]
    public async Task What_a_scope_did_not_save_is_not_saved_by_the_next_that_gets_its_pooled_context()
    {
        await using var service = await BuildAsync(pooled: true);
        var token = await service.ScheduleAsync("stays");

        await service.ScheduledAsync(async (_, scheduler) =>
        {
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            await scheduler.SchedulePublish(SchedulingScopes.Tomorrow, new NoteTaken(Guid.CreateVersion7(), "forgotten"));
        });
        await service.ScheduleAsync("next");

        Assert.True(await service.IsScheduledAsync(token));
        Assert.False(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains("forgotten"))));
    }

    private Task<NotesService> BuildAsync(
        Action<IBusRegistrationConfigurator>? bus = null, string? other = null, bool pooled = false) => NotesService.BuildAsync(
        other ?? database.ConnectionString, broker.ConnectionString, bus, outbox: x => x.AddMessageScheduler(),
        // Whoever is late by a poll is late by far.
        host: x => x.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Outbox:PollInterval"] = "01:00:00" }),
        pooled: pooled);

    private static Task CancelAsync(NotesService service, Guid token) => service.ScheduledAsync(async (db, scheduler) =>
    {
        await scheduler.CancelScheduledPublish<NoteTaken>(token);
        await db.SaveChangesAsync();
    });

    /// <summary>A database whose clock is off by so many minutes, for whoever connects with this.</summary>
    private async Task<string> SkewedDatabaseAsync(int minutes)
    {
        var address = await servers.CreateDatabaseAsync(migrated: false);
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"""
            CREATE SCHEMA skewed;
            CREATE FUNCTION skewed.now() RETURNS timestamptz STABLE LANGUAGE sql AS $$ SELECT pg_catalog.now() + interval '{minutes} min' $$;
            CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS $$
                SELECT pg_catalog.clock_timestamp() + interval '{minutes} min' $$;
            """, connection);
        await command.ExecuteNonQueryAsync();

        return $"{address};Search Path=skewed,pg_catalog";
    }

    private static Arrival[] Arrivals(NotesService service, string prefix) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Arrival>().Where(x => x.Text.StartsWith(prefix))];

    private sealed record Arrival(string Text, DateTime At, Guid? Token, TimeSpan TimeToLive);

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            var expiration = context.ReceiveContext.GetPayload<RabbitMqBasicConsumeContext>().Properties.Expiration;
            seen.Add(new Arrival(context.Message.Text, TimeProvider.System.GetUtcNow().UtcDateTime, context.GetSchedulingTokenId(),
                TimeSpan.FromMilliseconds(expiration is null ? 0 : double.Parse(expiration))));

            return Task.CompletedTask;
        }
    }
}
