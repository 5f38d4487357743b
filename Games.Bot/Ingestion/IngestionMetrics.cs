using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Games.Contracts;
using Games.Data;

namespace Games.Bot.Ingestion;

/// <summary>The ingestion in figures: the meter <c>Games.Bot</c>, and the process's totals for a person (<c>GET /status</c>).</summary>
internal sealed class IngestionMetrics
{
    public const string Name = "Games.Bot";

    private readonly TimeProvider _clock;
    private readonly LastHour _delays;
    private readonly ConcurrentDictionary<string, long> _totals = new();
    private readonly Counter<long> _received;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _published;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _invalid;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _delay;

    private long _lastActivity;
    private long _lastStored;
    private Awaited? _awaited;

    public IngestionMetrics(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        _delays = new(clock);
        var meter = meters.Create(Name);
        _received = meter.CreateCounter<long>("bot.messages.received", "{message}",
            "Messages that a gateway client has brought, those skipped included.");
        _skipped = meter.CreateCounter<long>("bot.messages.skipped", "{message}", "Messages that a rule has skipped: own, bot, channel or empty.");
        _published = meter.CreateCounter<long>("bot.messages.published", "{message}", "Messages that are durable in the outbox.");
        _stored = meter.CreateCounter<long>("bot.messages.stored", "{message}", "Messages whose row is committed: created, edited or deleted.");
        _duplicates = meter.CreateCounter<long>("bot.messages.duplicates", "{message}",
            "Messages that were there already, in this version or a newer one.");
        _invalid = meter.CreateCounter<long>("bot.messages.invalid", "{message}", "Messages that cannot be stored as they are.");
        _errors = meter.CreateCounter<long>("bot.messages.errors", "{message}", "Messages that were not taken, or given up, for another reason.");
        _delay = meter.CreateHistogram("bot.message.delay", "s", "From when a message was sent (edited, deleted) to when that is stored.",
            tags: null, new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600]
            });
        meter.CreateObservableGauge(
            "bot.last_activity",
            () => LastActivity is { } time ? [new(time.ToUnixTimeSeconds())] : Array.Empty<Measurement<long>>(),
            "s", "When a message was last received, stored or refused (Unix time).");
    }

    public DateTimeOffset? LastActivity => Time(Volatile.Read(ref _lastActivity));
    public DateTimeOffset? LastStored => Time(Volatile.Read(ref _lastStored));

    /// <summary>The first message that was taken after the last one stored, and since when it waits.</summary>
    public Awaited? Waiting => Volatile.Read(ref _awaited);

    public (long Count, double? P50, double? P90, double? Max) Delays => _delays.Read();

    public long Total(string name) => _totals.GetValueOrDefault(name);

    public void Received() => Count(_received, "received");

    public void Skipped(string rule) => Count(_skipped, "skipped", "rule", rule);

    public void Published(DiscordMessageReceived message)
    {
        Count(_published, "published");
        Interlocked.CompareExchange(ref _awaited, new(message.MessageId, message.EditedAt, message.DeletedAt is not null, _clock.GetUtcNow()), null);
    }

    public void Stored(DiscordMessageReceived message, StoredChange change)
    {
        var now = _clock.GetUtcNow();
        Count(_stored, "stored", "change", change.Name());
        Volatile.Write(ref _lastStored, now.UtcTicks);
        Volatile.Write(ref _awaited, null);
        // Two clocks: a message that came before it was sent came at once.
        var seconds = Math.Max(0, (now - (message.DeletedAt ?? message.EditedAt ?? message.SentAt)).TotalSeconds);
        _delay.Record(seconds);
        _delays.Add(seconds);
    }

    public void Repeated()
    {
        Count(_duplicates, "duplicates");
        Volatile.Write(ref _awaited, null);
    }

    public void Invalid() => Count(_invalid, "invalid");

    public void Failed() => Count(_errors, "errors");

    /// <summary>It turned out that another process has stored it.</summary>
    public void Found(Awaited found) => Interlocked.CompareExchange(ref _awaited, null, found);

    private void Count(Counter<long> counter, string name, string? tag = null, string? value = null)
    {
        if (tag is null)
            counter.Add(1);
        else
            counter.Add(1, new KeyValuePair<string, object?>(tag, value));
        _totals.AddOrUpdate(value is null ? name : $"{name}.{value}", 1, (_, n) => n + 1);
        Volatile.Write(ref _lastActivity, _clock.GetUtcNow().UtcTicks);
    }

    private static DateTimeOffset? Time(long ticks) => ticks == 0 ? null : new(ticks, TimeSpan.Zero);

    internal sealed record Awaited(string MessageId, DateTimeOffset? EditedAt, bool IsDeletion, DateTimeOffset Since);
}
