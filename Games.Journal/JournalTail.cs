using System.Runtime.CompilerServices;
using Games.Data;
using Games.Outbox.Database;
using Games.Outbox.Outages;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace Games.Journal;

/// <summary>An event as a tail shows it, with what had become of it at that moment.</summary>
/// <param name="IsShown">Whether it was shown before, as pending: this is what became of it.</param>
public sealed record TailedEvent(
    Guid Id, string EventType, string Channel, string Payload, DateTimeOffset CreatedAt, Guid? CorrelationId, string Source,
    DateTimeOffset? DispatchedAt, DateTimeOffset? DeadAt, int Attempts, DateTimeOffset? NextAttemptAt, string? LastError, bool IsShown)
{
    public EventState State => JournalEvent.StateOf(DispatchedAt, DeadAt);
}

/// <summary>
/// Follows the journal: each event when its transaction is committed, and once more when it is dispatched or dead.
/// LISTEN says when to look; a look every second finds what nobody tells of, such as what is dispatched when it is inserted.
/// A connection that is lost is opened anew, and nothing is missed meanwhile.
/// </summary>
public sealed class JournalTail(IServiceScopeFactory scopes, TimeProvider time)
{
    private const string Purpose = "tail";
    private const int Page = 500;

    // Of those that wait: what becomes of others beyond them is not shown.
    private const int MaxWaiting = 10_000;

    // With payloads, which are 4 MiB at most.
    private const int OverPage = 20;

    // Of payload as text: what a page holds in memory.
    private const long PageBytes = 8 * 1024 * 1024;

    // By time, along its index; what says an older time than its insertion is found while it is pending.
    private const string New = $"""
        WITH looked AS MATERIALIZED (
            SELECT id, number, coalesce(payload_bytes, pg_column_size(payload)) AS size FROM events
            WHERE (created_at >= $1 OR (number > $2 AND dispatched_at IS NULL AND dead_at IS NULL))
                AND NOT EXISTS (SELECT FROM unnest($3::bigint[]) AS shown (number) WHERE shown.number = events.number)
                AND ($4::text IS NULL OR event_type LIKE $4) AND ($5::text IS NULL OR channel = $5)
            ORDER BY number LIMIT $6
        ), sized AS (
            SELECT *, sum(size) OVER (ORDER BY number) - size AS before FROM looked
        )
        SELECT number, (SELECT count(*) FROM looked), {Columns}
        FROM sized JOIN events USING (id, number) WHERE before < $7 ORDER BY number
        """;

    private const string Over = $"""
        SELECT {Columns} FROM events WHERE id = ANY($1) AND (dispatched_at IS NOT NULL OR dead_at IS NOT NULL)
        ORDER BY coalesce(dispatched_at, dead_at), number LIMIT $2
        """;

    private const string Columns = """
        id, event_type, channel, payload::text, created_at, correlation_id, source, dispatched_at, dead_at, attempts, next_attempt_at, last_error
        """;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The events that are committed from now on. It ends with an exception if it cannot begin; from then on a database that is away is waited for,
    /// and only cancellation ends it.
    /// </summary>
    /// <param name="type">Only events of this type, or of all types that a * in it leaves open (<c>game.*</c>); null for all.</param>
    /// <param name="channel">Only events of this channel; null for all.</param>
    /// <param name="say">Is told when it follows, when the connection is lost, and when it follows again.</param>
    /// <param name="ct">Ends it.</param>
    public async IAsyncEnumerable<TailedEvent> FollowAsync(
        string? type, string? channel, Action<string> say, [EnumeratorCancellation] CancellationToken ct)
    {
        var progress = new TailProgress();
        var waiting = new HashSet<Guid>();
        var trouble = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        while (true)
        {
            await using var line = new Line();
            var pause = TimeSpan.Zero;
            while (pause == TimeSpan.Zero)
            {
                List<TailedEvent> found = [];
                try
                {
                    if (!line.IsOpen)
                    {
                        await line.OpenAsync(scopes, ct);
                        if (!progress.HasBegun)
                            await progress.BeginAsync(line.Connection, ct);
                        say("Following the journal.");
                    }

                    found = await line.LookAsync(progress, waiting, type, channel, ct);
                    trouble.Reset();
                    if (found is [])
                        await line.RestAsync(ct);
                }
                catch (Exception lost) when (progress.HasBegun && !ct.IsCancellationRequested
                    && lost is NpgsqlException or IOException or TimeoutException)
                {
                    pause = trouble.Next();
                    say($"The connection is lost, next try in {pause.TotalSeconds:F1} s: {lost.InWords()}");
                }

                foreach (var one in found)
                    yield return one;
            }

            await Task.Delay(pause, time, ct);
        }
    }

    /// <summary>A connection that listens, and looks.</summary>
    private sealed class Line : IAsyncDisposable
    {
        private NpgsqlConnection? _connection;
        private bool _isTold;

        public bool IsOpen { get; private set; }

        public NpgsqlConnection Connection => _connection!;

        public async Task OpenAsync(IServiceScopeFactory scopes, CancellationToken ct)
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            _connection = await DedicatedConnection.OpenAsync(db, Purpose, ConnectTimeout, ct);
            _connection.Notification += (_, _) => _isTold = true;
            await using var listen = new NpgsqlCommand($"LISTEN {JournalListener.Channel}", _connection);
            await listen.ExecuteNonQueryAsync(ct);
            IsOpen = true;
        }

        public async Task<List<TailedEvent>> LookAsync(
            TailProgress progress, HashSet<Guid> waiting, string? type, string? channel, CancellationToken ct)
        {
            _isTold = false;
            var unfinished = await progress.MarkAsync(Connection, ct);
            await using var command = new NpgsqlCommand(New, Connection)
            {
                Parameters =
                {
                    new() { Value = progress.Since, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                    new() { Value = progress.After },
                    new() { Value = progress.Shown },
                    new() { Value = type is null ? DBNull.Value : EventRules.LikePattern(type), NpgsqlDbType = NpgsqlDbType.Text },
                    new() { Value = (object?)channel ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                    new() { Value = Page },
                    new() { Value = PageBytes },
                },
            };
            var found = new List<TailedEvent>();
            var numbers = new List<long>();
            var looked = 0L;

            await using (var reader = await command.ExecuteReaderAsync(ct))
            {
                while (await reader.ReadAsync(ct))
                {
                    numbers.Add(reader.GetInt64(0));
                    looked = reader.GetInt64(1);
                    found.Add(Read(reader, first: 2, isShown: false));
                }
            }

            // Only what was read to its end is shown: else the next connection reads it again.
            for (var i = 0; i < found.Count; i++)
                progress.Show(numbers[i], found[i].CreatedAt);
            if (looked < Page && looked == found.Count)
                progress.Settle(unfinished);

            var over = waiting.Count == 0 ? [] : await LookForOverAsync([.. waiting], ct);
            waiting.ExceptWith(over.Select(x => x.Id));
            waiting.UnionWith(found.Where(x => x.State is EventState.Pending).Take(MaxWaiting - waiting.Count).Select(x => x.Id));
            return [.. found, .. over];
        }

        private async Task<List<TailedEvent>> LookForOverAsync(Guid[] waiting, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(Over, Connection) { Parameters = { new() { Value = waiting }, new() { Value = OverPage } } };
            await using var reader = await command.ExecuteReaderAsync(ct);
            var over = new List<TailedEvent>();
            while (await reader.ReadAsync(ct))
                over.Add(Read(reader, first: 0, isShown: true));
            return over;
        }

        private static TailedEvent Read(NpgsqlDataReader reader, int first, bool isShown)
        {
            return new(
                reader.GetGuid(first), reader.GetString(first + 1), reader.GetString(first + 2), reader.GetString(first + 3), Time(4)!.Value,
                reader.IsDBNull(first + 5) ? null : reader.GetGuid(first + 5), reader.GetString(first + 6), Time(7), Time(8),
                reader.GetInt32(first + 9), Time(10), reader.IsDBNull(first + 11) ? null : reader.GetString(first + 11), isShown);

            DateTimeOffset? Time(int column) => reader.IsDBNull(first + column) ? null : reader.GetFieldValue<DateTimeOffset>(first + column);
        }

        /// <summary>Until somebody tells of an event, or the next look is due.</summary>
        public async Task RestAsync(CancellationToken ct)
        {
            // Told while the look was under way: it may have come too early.
            if (!_isTold)
                await Connection.WaitAsync(LookInterval, ct);
        }

        public async ValueTask DisposeAsync()
        {
            if (_connection is not null)
                await _connection.DisposeAsync();
        }
    }
}
