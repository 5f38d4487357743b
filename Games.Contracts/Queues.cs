namespace Games.Contracts;

/// <summary>
/// The name on the broker of each queue. A consumed queue has an exchange of its name, which the exchanges of its events are bound to.
/// </summary>
public static class Queues
{
    public const string AnnounceGame = "announce-game";
    public const string UpdateAnnouncement = "update-announcement";
    public const string NotifyOfChange = "notify-of-change";
    public const string NotifyOfCancellation = "notify-of-cancellation";
    public const string NotifyOfRemoval = "notify-of-removal";
    public const string NotifyOfPromotion = "notify-of-promotion";
    public const string NotifyOfDemotion = "notify-of-demotion";
    public const string NotifyOfReminder = "notify-of-reminder";
    public const string RemindPlayers = "remind-players";
    public const string StartGame = "start-game";
    public const string FinishGame = "finish-game";
    public const string IngestMessage = "ingest-message";

    /// <summary>Those that the bot consumes.</summary>
    public static IReadOnlyList<string> Consumed { get; } =
    [
        AnnounceGame, UpdateAnnouncement,
        NotifyOfChange, NotifyOfCancellation, NotifyOfRemoval, NotifyOfPromotion, NotifyOfDemotion, NotifyOfReminder,
        RemindPlayers, StartGame, FinishGame, IngestMessage,
    ];
}
