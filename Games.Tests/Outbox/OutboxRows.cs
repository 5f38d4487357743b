using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inspection;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>Rows in the outbox of a database, of which no process relays any: each test has all of them to itself.</summary>
public abstract class OutboxRows(EmptyDatabase database) : IClassFixture<EmptyDatabase>, IAsyncLifetime
{
    protected static readonly CancellationToken None = CancellationToken.None;

    private readonly ServiceProvider _services = new ServiceCollection()
        .AddLogging()
        .AddDbContext<NotesDbContext>(x => x.UseNpgsql(database.ConnectionString))
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
        .AddOutboxInspection<NotesDbContext>()
        .BuildServiceProvider();

    private protected OutboxInspection<NotesDbContext> Inspection => _services.GetRequiredService<OutboxInspection<NotesDbContext>>();

    private protected OutboxControl<NotesDbContext> Control => _services.GetRequiredService<OutboxControl<NotesDbContext>>();

    public async ValueTask InitializeAsync()
    {
        await WithDbAsync(db => db.Database.EnsureCreatedAsync());
        await WithDbAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());
        await WithDbAsync(db => db.Set<OutboxState>().ExecuteDeleteAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a relay knows of the table.</summary>
    private protected RelayStore<NotesDbContext> Store(
        TimeSpan? lease = null, RelayStore<NotesDbContext>? owner = null, TimeProvider? time = null, int? bytes = null)
    {
        OutboxSettings<NotesDbContext> settings = new(new() { Lease = lease ?? TimeSpan.FromMinutes(1) });
        settings.Value.ByteLimit = bytes ?? settings.Value.ByteLimit;
        OutboxDatabase<NotesDbContext> database = new(_services.GetRequiredService<IServiceScopeFactory>(), settings)
        {
            Owner = owner?.Owner ?? Guid.CreateVersion7()
        };

        return new(database, settings, time ?? TimeProvider.System);
    }

    /// <summary>The numbers of new rows.</summary>
    protected async Task<long[]> InsertAsync(int count, Action<OutboxMessage>? change = null)
    {
        OutboxMessage[] rows =
        [
            .. Enumerable.Range(0, count).Select(x => new OutboxMessage
            {
                MessageId = Guid.CreateVersion7(),
                SentTime = TimeProvider.System.GetUtcNow().UtcDateTime,
                ContentType = "application/json",
                MessageType = "urn:message:Test;urn:message:Base",
                DestinationAddress = new("rabbitmq://localhost/test"),
                Body = $$"""{"number":{{x}},"text":"ü 🎲"}"""
            })
        ];
        Array.ForEach(rows, x => change?.Invoke(x));

        await WithDbAsync(db =>
        {
            db.AddRange(rows);

            return db.SaveChangesAsync();
        });

        return [.. rows.Select(x => x.SequenceNumber).Order()];
    }

    protected async Task<long[]> InsertDeadAsync(int count)
    {
        var rows = await InsertAsync(count);
        await SqlAsync($"""
            UPDATE "OutboxMessage" SET "NextAttempt" = 'infinity', "Attempts" = 10, "LastError" = 'hopeless', "Dead" = clock_timestamp()
            WHERE "SequenceNumber" BETWEEN {rows[0]} AND {rows[^1]}
            """);

        return rows;
    }

    private protected async Task<OneOfEach> InsertOneOfEachAsync()
    {
        var rows = await InsertAsync(9);
        string Set(string values, long row) => $"""UPDATE "OutboxMessage" SET {values} WHERE "SequenceNumber" = {row}""";
        await SqlAsync(Set("""  "LockId" = gen_random_uuid(), "LockedUntil" = now() + interval '1 hour' """, rows[1]));
        await SqlAsync(Set("""  "LockId" = gen_random_uuid(), "LockedUntil" = now() - interval '1 hour' """, rows[2]));
        await SqlAsync(Set(""" "NextAttempt" = now() - interval '1 s' """, rows[3]));
        await SqlAsync(Set(""" "NextAttempt" = now() + interval '10 min', "Attempts" = 3, "LastError" = 'refused' """, rows[4]));
        await SqlAsync(Set(""" "NextAttempt" = now() + interval '5 min', "LastError" = 'returned' """, rows[5]));
        await SqlAsync(Set(""" "NextAttempt" = now() + interval '1 day' """, rows[6]));
        await SqlAsync(Set(""" "NextAttempt" = 'infinity', "Attempts" = 10, "LastError" = 'hopeless', "Dead" = now() """, rows[7]));
        await SqlAsync(Set(""" "NextAttempt" = 'infinity', "LastError" = 'returned', "Dead" = now() """, rows[8]));

        return new(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], rows[8]);
    }

    private protected async Task<List<long>> AllAsync(OutboxMessageState state, int limit)
    {
        var numbers = new List<long>();
        InspectionCursor? after = null;

        do
        {
            var page = await Inspection.ListAsync(state, limit, after, None);
            Assert.InRange(page.Items.Count, 1, limit);
            numbers.AddRange(page.Items.Select(x => x.SequenceNumber));
            // As it comes back from a caller.
            after = page.Next is { } next && InspectionCursor.TryParse(next.ToString(), out var parsed) ? parsed : null;
        }
        while (after is not null);

        return numbers;
    }

    protected static long[] Numbers(IEnumerable<OutboxMessage> rows) => [.. rows.Select(x => x.SequenceNumber)];

    protected Task<OutboxMessage> SingleAsync(long row) => QueryAsync(db => db.Set<OutboxMessage>().SingleAsync(x => x.SequenceNumber == row));

    protected Task SqlAsync(string sql) => WithDbAsync(db => db.Database.ExecuteSqlRawAsync(sql.Replace("{", "{{").Replace("}", "}}")));

    protected Task WithDbAsync(Func<NotesDbContext, Task> action) => QueryAsync(async db =>
    {
        await action(db);

        return true;
    });

    protected async Task<T> QueryAsync<T>(Func<NotesDbContext, Task<T>> query)
    {
        await using var scope = _services.CreateAsyncScope();

        return await query(scope.ServiceProvider.GetRequiredService<NotesDbContext>());
    }

    private protected sealed record OneOfEach(
        long Free, long Leased, long Forgotten, long Overdue, long Refused, long Returned, long Scheduled, long Dead, long AlsoDead);
}
