using System.Data.Common;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>The application has opened the context's connection by hand, and no transaction is under way on it.</summary>
public sealed class OpenedByHandTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_key_is_locked_while_its_row_is_inserted()
    {
        var counting = new CountingLocks(database.ConnectionString);
        await using var service = await BuildAsync(counting);

        await service.InScopeAsync(async (db, publisher) =>
        {
            await db.Database.OpenConnectionAsync();
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), "by hand: 1"));
            await db.SaveChangesAsync();
        });

        Assert.Equal(1, counting.Locks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancellation_whose_save_fails_has_no_effect(bool async)
    {
        await using var service = await BuildAsync();
        var token = await service.ScheduleAsync($"opened by hand {async}");
        await service.TakeNoteAsync($"taken by hand {async}");

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            await db.Database.OpenConnectionAsync();
            db.Add(new Note { Text = $"taken by hand {async}" });
            await scheduler.CancelScheduledPublish<NoteTaken>(token);
            await Assert.ThrowsAsync<DbUpdateException>(async () =>
            {
                if (async)
                    await db.SaveChangesAsync();
                else
                    db.SaveChanges();
            });
        });

        Assert.True(await service.IsScheduledAsync(token));
    }

    private Task<NotesService> BuildAsync(IInterceptor? interceptor = null) => NotesService.BuildAsync(
        database.ConnectionString, broker.ConnectionString,
        outbox: x =>
        {
            x.AddMessageScheduler();
            x.OrderBy<NoteTaken>(note => note.Text.Contains(':') ? note.Text.Split(':')[0] : null);
        },
        host: x =>
        {
            if (interceptor is not null)
                x.Services.ConfigureDbContext<NotesDbContext>(options => options.AddInterceptors(interceptor));
        });

    /// <summary>Counts the advisory locks that are held in the database while a save inserts.</summary>
    private sealed class CountingLocks(string database) : DbCommandInterceptor
    {
        public long Locks { get; private set; }

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (eventData.CommandSource is not CommandSource.SaveChanges)
                return result;

            await using var connection = new NpgsqlConnection(database);
            await connection.OpenAsync(cancellationToken);
            await using var count = new NpgsqlCommand("""
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """, connection);
            Locks = (long)(await count.ExecuteScalarAsync(cancellationToken))!;

            return result;
        }
    }
}
