namespace Games.Data;

public enum GameStatus
{
    Scheduled,
    Cancelled,
}
