using System.ComponentModel.DataAnnotations;

namespace Games.Bot.Ingestion;

internal sealed class IngestionOptions
{
    public const string Section = "Ingestion";

    private const string TimeRule = Section + ":{0} must be from {1} to {2} ([d.]hh:mm:ss: 72 hours are 3.00:00:00, and 72:00:00 are 72 days).";

    /// <summary>The bot is not ready when nothing was stored for longer although messages came in. Default: 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "365.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromMinutes(2);
}
