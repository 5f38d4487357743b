namespace Games.Bench.Measuring;

/// <summary>The figures of one run of the main job, from POST to announcement.</summary>
/// <param name="AcceptedPerSecond">201s a second, from the first request to the last answer.</param>
/// <param name="RequestMilliseconds">Of accepted POSTs, from sending (at a constant rate: from when it was due) to the response's headers.</param>
/// <param name="EndToEndPerSecond">Announced games a second, from the first request to the last announcement; null when some are missing.</param>
/// <param name="AnnouncementMilliseconds">announcements.created_at - games.created_at.</param>
/// <param name="Complaints">What is missing or doubled, in words; empty when every accepted game is announced exactly once.</param>
internal sealed record JobFigures(
    int Games,
    int Accepted,
    IReadOnlyDictionary<string, int> Refused,
    double AcceptedPerSecond,
    Distribution RequestMilliseconds,
    double? EndToEndPerSecond,
    Distribution AnnouncementMilliseconds,
    IReadOnlyList<string> Complaints)
{
    public bool Passed => Accepted > 0 && Complaints.Count == 0;
}
