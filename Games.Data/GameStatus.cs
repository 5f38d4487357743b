namespace Games.Data;

public enum GameStatus
{
    Scheduled,
    Started,
    Finished,
    Cancelled,
}
