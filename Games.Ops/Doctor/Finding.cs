namespace Games.Ops.Doctor;

internal enum FindingState
{
    Ok,
    Wrong,

    /// <summary>Could not be looked at, because of something that another finding calls wrong.</summary>
    Unknown,
}

/// <summary>What a check saw.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="State">Whether it is as it should be.</param>
/// <param name="Saw">How it is.</param>
/// <param name="ToDo">What to do about it; null when nothing.</param>
internal sealed record Finding(string Subject, FindingState State, string Saw, string? ToDo = null)
{
    public static Finding Ok(string subject, string saw) => new(subject, FindingState.Ok, saw);

    public static Finding Wrong(string subject, string saw, string toDo) => new(subject, FindingState.Wrong, saw, toDo);
}

/// <summary>One thing that the doctor looks at. Reads only.</summary>
internal interface ICheck
{
    /// <summary>The subject of what it finds, when it cannot look.</summary>
    string Subject { get; }

    /// <summary>May throw what Npgsql throws: then the subject is unknown.</summary>
    IAsyncEnumerable<Finding> ExamineAsync(CancellationToken ct);
}
