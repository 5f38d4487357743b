namespace Games.Data;

/// <summary>Why a game does not do what it is asked for. All of them are a caller's to expect.</summary>
public enum GameRefusal
{
    /// <summary>There is no such game, or not for this caller.</summary>
    NotFound,

    /// <summary>It has changed since the caller saw it.</summary>
    Stale,

    /// <summary>It has started, is finished or cancelled.</summary>
    NotOpen,

    /// <summary>It has been played, so that it cannot be cancelled.</summary>
    Finished,

    /// <summary>As many people as a game may have play and wait already.</summary>
    Full,

    /// <summary>The new start is not in the future.</summary>
    Past,
}
