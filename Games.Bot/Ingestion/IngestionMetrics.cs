using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Games.Contracts;
using Games.Data;

namespace Games.Bot.Ingestion;

/// <summary>The ingestion in figures: the meter <c>Games.Bot</c> for a collector, and this process's totals for a person (<c>GET /status</c>).</summary>
internal sealed class IngestionMetrics
{
    public const string Name = "Games.Bot";

    private readonly TimeProvider clock;
    private readonly LastHour delays;
    private readonly ConcurrentDictionary<string, long> totals = new();
    private readonly Counter<long> received;
    private readonly Counter<long> skipped;
    private readonly Counter<long> published;
    private readonly Counter<long> stored;
    private readonly Counter<long> duplicates;
    private readonly Counter<long> invalid;
    private readonly Counter<long> errors;
    private readonly Histogram<double> delay;

    private long lastActivity;
    private long lastStored;
    private Awaited? awaited;

    public IngestionMetrics(IMeterFactory meters, TimeProvider clock)
    {
        this.clock = clock;
        delays = new(clock);
        var meter = meters.Create(Name);
        received = meter.CreateCounter<long>("bot.messages.received", "{message}", "Messages that a gateway client has brought, those skipped included.");
        skipped = meter.CreateCounter<long>("bot.messages.skipped", "{message}", "Messages that a rule has skipped: own, bot, channel or empty.");
        published = meter.CreateCounter<long>("bot.messages.published", "{message}", "Messages that are durable in the outbox.");
        stored = meter.CreateCounter<long>("bot.messages.stored", "{message}", "Messages whose row is committed: created, edited or deleted.");
        duplicates = meter.CreateCounter<long>("bot.messages.duplicates", "{message}", "Messages that were there already, in this version or a newer one.");
        invalid = meter.CreateCounter<long>("bot.messages.invalid", "{message}", "Messages that cannot be stored as they are.");
        errors = meter.CreateCounter<long>("bot.messages.errors", "{message}", "Messages that were not taken, or given up, for another reason.");
        delay = meter.CreateHistogram("bot.message.delay", "s", "From when a message was sent (edited, deleted) to when that is stored.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600] });
        meter.CreateObservableGauge("bot.last_activity", () => Time(Volatile.Read(ref lastActivity)) is { } time ? [new(time.ToUnixTimeSeconds())] : Array.Empty<Measurement<long>>(),
            "s", "When a message was last received, stored or refused (Unix time).");
    }

    public DateTimeOffset? LastActivity => Time(Volatile.Read(ref lastActivity));
    public DateTimeOffset? LastStored => Time(Volatile.Read(ref lastStored));

    /// <summary>The first message that was taken after the last one stored, and since when it waits.</summary>
    public Awaited? Waiting => Volatile.Read(ref awaited);

    public (long Count, double? P50, double? P90, double? Max) Delays => delays.Read();

    public long Total(string name) => totals.GetValueOrDefault(name);

    public void Received() => Count(received, "received");

    public void Skipped(string rule) => Count(skipped, "skipped", "rule", rule);

    public void Published(DiscordMessageReceived message)
    {
        Count(published, "published");
        Interlocked.CompareExchange(ref awaited, new(message.MessageId, message.EditedAt, message.DeletedAt is not null, clock.GetUtcNow()), null);
    }

    public void Stored(DiscordMessageReceived message, StoredChange change)
    {
        var now = clock.GetUtcNow();
        Count(stored, "stored", "change", change.Said());
        Volatile.Write(ref lastStored, now.UtcTicks);
        Volatile.Write(ref awaited, null);
        // Two clocks: a message that came before it was sent came at once.
        var seconds = Math.Max(0, (now - (message.DeletedAt ?? message.EditedAt ?? message.SentAt)).TotalSeconds);
        delay.Record(seconds);
        delays.Add(seconds);
    }

    public void Repeated()
    {
        Count(duplicates, "duplicates");
        Volatile.Write(ref awaited, null);
    }

    public void Invalid() => Count(invalid, "invalid");

    public void Failed() => Count(errors, "errors");

    /// <summary>It turned out that another process has stored it.</summary>
    public void Found(Awaited found) => Interlocked.CompareExchange(ref awaited, null, found);

    private void Count(Counter<long> counter, string name, string? tag = null, string? value = null)
    {
        if (tag is null)
            counter.Add(1);
        else
            counter.Add(1, new KeyValuePair<string, object?>(tag, value));
        totals.AddOrUpdate(value is null ? name : $"{name}.{value}", 1, (_, n) => n + 1);
        Volatile.Write(ref lastActivity, clock.GetUtcNow().UtcTicks);
    }

    private static DateTimeOffset? Time(long ticks) => ticks == 0 ? null : new(ticks, TimeSpan.Zero);

    internal sealed record Awaited(string MessageId, DateTimeOffset? EditedAt, bool IsDeletion, DateTimeOffset Since);
}
