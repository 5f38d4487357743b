namespace Games.Journal;

/// <summary>The journal does not take an event, and never will as it is.</summary>
/// <param name="column">Which column of the table: event_type, channel, payload, source.</param>
/// <param name="rule">What it breaks, in words that read well after the column's name.</param>
/// <param name="cause">What the database said.</param>
public sealed class EventRefusedException(string column, string rule, Exception? cause = null) : Exception($"{column} {rule}", cause)
{
    public string Column => column;
    public string Rule => rule;
}
