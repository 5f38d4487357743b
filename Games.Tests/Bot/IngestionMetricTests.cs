extern alias Bot;

using System.Diagnostics.Metrics;
using Bot::Games.Bot.Ingestion;
using Games.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Bot;

public sealed class IngestionMetricTests
{
    [Fact]
    public void A_collector_gets_every_figure_by_its_name_and_tag()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var metrics = new IngestionMetrics(factory, TimeProvider.System);
        var seen = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == "Games.Bot" && instrument.Meter.Scope == factory)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value > 0, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value > 0, tags));
        listener.Start();

        metrics.Received();
        metrics.Skipped(SkipRule.Bot);
        metrics.Published(NewMessage.Event());
        metrics.Stored(NewMessage.Event(), StoredChange.Edited);
        metrics.Repeated();
        metrics.Invalid();
        metrics.Failed();
        listener.RecordObservableInstruments();

        Assert.Equal(
            [
                "bot.last_activity", "bot.message.delay", "bot.messages.duplicates", "bot.messages.errors", "bot.messages.invalid",
                "bot.messages.published",
                "bot.messages.received", "bot.messages.skipped rule=bot", "bot.messages.stored change=edited",
            ],
            seen.Order(StringComparer.Ordinal));

        void Note(Instrument instrument, bool counts, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var tag = "";
            foreach (var (name, value) in tags)
                tag += $" {name}={value}";
            Assert.True(counts);
            seen.Add($"{instrument.Name}{tag}");
        }
    }
}
