using System.Data.Common;
using Games.Outbox.Capture;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>A save that interceptors of the application take part in, before ours or after it, or that ends half-way.</summary>
public sealed class SavingInterceptorsTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_exception_after_the_commit_neither_holds_up_the_message_nor_repeats_it(bool first)
    {
        var acting = new Acting { OnSaved = _ => throw new InvalidOperationException("planned") };
        await using var service = await StartAsync(acting, first);
        var taken = new NoteTaken(Guid.CreateVersion7(), $"thrown after the commit {first}");

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(new Note { Text = taken.Text });
            await publisher.Publish(taken);
            await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());
            await Until.TrueAsync(() => Texts(service).Contains(taken.Text), "it has arrived");

            acting.OnSaved = null;
            db.Add(new Note { Text = $"{taken.Text} again" });
            await db.SaveChangesAsync();
        });

        await FenceAsync(service);
        Assert.Single(Texts(service), taken.Text);
        await Until.TrueAsync(
            async () => !await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Text))), "no row of it is left");
    }

    [Fact]
    public async Task A_save_whose_changes_are_not_accepted_leaves_at_once_and_is_no_warning()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "not accepted");

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(new Note { Text = taken.Text });
            await publisher.Publish(taken);
            await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
            await Until.TrueAsync(() => Texts(service).Contains(taken.Text), "it has arrived");
        });

        Assert.DoesNotContain(service.Logs.At(LogLevel.Warning), x => x.Contains("SaveChanges"));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_save_that_is_cancelled_or_stopped_leaves_nothing_behind(bool cancelled, bool first)
    {
        using var stop = new CancellationTokenSource();
        var acting = new Acting();
        await using var service = await BuildAsync(acting, first);
        var token = await service.ScheduleAsync($"left behind {cancelled} {first}");

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            db.Add(new Note { Text = $"left behind {cancelled} {first}" });
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            if (cancelled)
                acting.OnCommand = stop.Cancel;
            else
                acting.OnSaving = _ => throw new InvalidOperationException("planned");
            await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync(stop.Token));
            (acting.OnCommand, acting.OnSaving) = (null, null);

            await using (var transaction = await db.Database.BeginTransactionAsync())
                await transaction.CommitAsync();
            Assert.True(await service.IsScheduledAsync(token));
            Assert.Equal(AutoTransactionBehavior.WhenNeeded, db.Database.AutoTransactionBehavior);
            Assert.True(db.Database.AutoSavepointsEnabled);

            await db.SaveChangesAsync();
            Assert.False(await service.IsScheduledAsync(token));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_of_a_later_interceptor_has_the_lock_of_its_key(bool alone)
    {
        var acting = new Acting();
        await using var service = await BuildAsync(acting);
        await using var holder = new NpgsqlConnection(database.ConnectionString);
        await holder.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await LockAsync(holder, $"late {alone}");

        await service.InScopeAsync(async (db, publisher) =>
        {
            if (!alone)
                await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), $"early {alone}: 1"));
            acting.OnSaving = _ => publisher.Publish(new NoteTaken(Guid.CreateVersion7(), $"late {alone}: 1"));
            db.Add(new Note { Text = $"late {alone}" });
            var saving = db.SaveChangesAsync();
            await Until.TrueAsync(async () => saving.IsCompleted || await WaitsForALockAsync(service), "it waits");
            Assert.False(saving.IsCompleted);

            await transaction.CommitAsync();
            await saving;
        });

        Assert.True(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.OrderingKey == $"late {alone}")));
    }

    [Fact]
    public async Task A_message_of_a_later_interceptor_keeps_the_order_of_the_save()
    {
        var acting = new Acting();
        await using var service = await BuildAsync(acting);

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteFiled(Guid.CreateVersion7(), "ordered: early"));
            acting.OnSaving = _ => publisher.Publish(new NoteFiled(Guid.CreateVersion7(), "ordered: late"));
            await db.SaveChangesAsync();
        });

        var keys = await service.QueryAsync(db =>
            db.Set<OutboxMessage>().Where(x => x.Body.Contains("ordered: ")).Select(x => x.OrderingKey).ToArrayAsync());
        Assert.Equal(2, keys.Length);
        Assert.True(OutboxSession.IsTransactionKey(keys[0]));
        Assert.Equal(keys[0], keys[1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_or_cancellation_of_an_interceptor_alone_is_done_with_the_save(bool cancels)
    {
        var acting = new Acting();
        await using var service = await StartAsync(acting);
        var token = await service.ScheduleAsync($"by an interceptor alone {cancels}");
        var taken = new NoteTaken(Guid.CreateVersion7(), $"alone by an interceptor {cancels}");

        await service.InScopeAsync(async (db, publisher) => await service.ScheduledAsync(async (same, scheduler) =>
        {
            acting.OnSaving = _ => cancels ? scheduler.CancelScheduledPublish<NoteTaken>(token) : publisher.Publish(taken);
            await (cancels ? same : db).SaveChangesAsync();
        }));

        if (cancels)
            Assert.False(await service.IsScheduledAsync(token));
        else
            await Until.TrueAsync(() => Texts(service).Contains(taken.Text), "it has arrived");
    }

    private Task<NotesService> BuildAsync(Acting? acting = null, bool first = false) => NotesService.BuildAsync(
        database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(),
        outbox: x =>
        {
            x.AddMessageScheduler();
            x.OrderBy<NoteTaken>(note => note.Text.Contains(':') ? note.Text.Split(':')[0] : null);
        },
        host: x =>
        {
            x.Configuration["Outbox:Lease"] = "01:00:00";
            if (acting is null)
                return;

            x.Services.ConfigureDbContext<NotesDbContext>(options => options.AddInterceptors(acting));
            if (!first)
                return;

            x.Services.Insert(0, x.Services[^1]);
            x.Services.RemoveAt(x.Services.Count - 1);
        });

    private async Task<NotesService> StartAsync(Acting? acting = null, bool first = false)
    {
        var service = await BuildAsync(acting, first);
        await service.StartAsync();
        await FenceAsync(service);

        return service;
    }

    /// <summary>A message through the broker: what left before it has arrived as well.</summary>
    private static async Task FenceAsync(NotesService service)
    {
        var fence = $"fence {Guid.NewGuid()}";
        await service.Services.GetRequiredService<IBus>().Publish(new NoteTaken(Guid.CreateVersion7(), fence));
        await Until.TrueAsync(() => Texts(service).Contains(fence), "the fence has arrived");
    }

    private static string[] Texts(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<NoteTaken>().Select(x => x.Text)];

    private static async Task LockAsync(NpgsqlConnection connection, string key)
    {
        await using var command = new NpgsqlCommand(
            """SELECT pg_advisory_xact_lock(hashtextextended($1, '"OutboxMessage"'::regclass::oid::bigint))""", connection);
        command.Parameters.AddWithValue(key);
        await command.ExecuteNonQueryAsync();
    }

    private static Task<bool> WaitsForALockAsync(NotesService service) => service.QueryAsync(db => db.Database.SqlQueryRaw<bool>("""
        SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS "Value"
        """).SingleAsync());

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }

    /// <summary>Does what a test says, at the places where an interceptor of an application may.</summary>
    private sealed class Acting : SaveChangesInterceptor, IDbCommandInterceptor
    {
        public Func<DbContext, Task>? OnSaving { get; set; }
        public Func<DbContext, Task>? OnSaved { get; set; }
        public Action? OnCommand { get; set; }

        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            await (OnSaving?.Invoke(eventData.Context!) ?? Task.CompletedTask);

            return result;
        }

        public override async ValueTask<int> SavedChangesAsync(
            SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
        {
            await (OnSaved?.Invoke(eventData.Context!) ?? Task.CompletedTask);

            return result;
        }

        public ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (eventData.CommandSource is CommandSource.SaveChanges)
                OnCommand?.Invoke();

            return new(result);
        }
    }
}
