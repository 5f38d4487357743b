using Npgsql;

namespace Games.Tests.Outages;

internal static class AnnouncedGames
{
    /// <summary>Waits until the bot has heard of each of the games, in the database at <paramref name="connectionString"/>.</summary>
    public static async Task HeardAsync(string connectionString, IReadOnlyCollection<Guid> games)
    {
        await using var source = NpgsqlDataSource.Create($"{connectionString};Pooling=false");
        await Until.TrueAsync(
            async () =>
            {
                await using var command = source.CreateCommand("SELECT count(*) FROM announcements WHERE game_id = ANY ($1)");
                command.Parameters.Add(new() { Value = games.ToArray() });
                return (long)(await command.ExecuteScalarAsync())! == games.Count;
            },
            $"the bot has heard of {games.Count} games");
    }
}
