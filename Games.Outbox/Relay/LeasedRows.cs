using System.Collections.Concurrent;
using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Relay;

/// <summary>The rows that this process has leased, and since when by its own monotonic clock.</summary>
internal sealed class LeasedRows(TimeProvider time, TimeSpan lease)
{
    private readonly ConcurrentDictionary<long, OutboxMessage> _rows = new();
    private long _size;

    public int Count => _rows.Count;

    /// <summary>Bytes of these rows.</summary>
    public long Size => Interlocked.Read(ref _size);

    /// <summary>Adds rows that were inserted as leased.</summary>
    public void Add(OutboxMessage[] rows)
    {
        foreach (var row in rows)
        {
            // Claimed since, because the answer to the commit took longer than the lease.
            if (_rows.TryGetValue(row.SequenceNumber, out var claimed))
                Forget(claimed);
            _rows[row.SequenceNumber] = row;
            Interlocked.Add(ref _size, row.Size);
        }
    }

    /// <summary>
    /// Adds claimed rows and says which may be published. A row whose lease ran out while its publish still waits here comes back to us
    /// and is not published a second time; rows of its key are <paramref name="followers" /> then, to be given back.
    /// </summary>
    public List<OutboxMessage> AddClaimed(List<OutboxMessage> claimed, out OutboxMessage[] followers)
    {
        var fresh = new List<OutboxMessage>(claimed.Count);
        var busyKeys = new HashSet<string>();

        foreach (var row in claimed)
        {
            if (_rows.TryAdd(row.SequenceNumber, row))
            {
                Interlocked.Add(ref _size, row.Size);
                fresh.Add(row);
                continue;
            }

            if (_rows.TryGetValue(row.SequenceNumber, out var leased))
                leased.LeasedSince = row.LeasedSince;
            if (row.OrderingKey is not null)
                busyKeys.Add(row.OrderingKey);
        }

        followers = [.. fresh.Where(x => x.OrderingKey is { } key && busyKeys.Contains(key))];

        return busyKeys.Count == 0 ? fresh : [.. fresh.Except(followers)];
    }

    /// <summary>Whether the row's lease still runs, as far as this process can know.</summary>
    public bool IsOurs(OutboxMessage row) => time.GetElapsedTime(row.LeasedSince) <= lease;

    /// <summary>Forgets exactly this row, and not one that has since been claimed under its number.</summary>
    public void Forget(OutboxMessage row)
    {
        if (_rows.TryRemove(KeyValuePair.Create(row.SequenceNumber, row)))
            Interlocked.Add(ref _size, -row.Size);
    }

    /// <summary>Numbers of the rows that have been leased for longer than <paramref name="age" />.</summary>
    public long[] OlderThan(TimeSpan age) => [.. _rows.Values.Where(x => time.GetElapsedTime(x.LeasedSince) > age).Select(x => x.SequenceNumber)];

    /// <summary>Counts the lease of these rows anew.</summary>
    public void Renewed(List<long> rows, long since)
    {
        foreach (var row in rows)
        {
            if (_rows.TryGetValue(row, out var leased))
                leased.LeasedSince = since;
        }
    }
}
