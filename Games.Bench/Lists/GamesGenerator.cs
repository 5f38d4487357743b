using Games.Bench.Showing;
using Npgsql;
using NpgsqlTypes;

namespace Games.Bench.Lists;

/// <summary>
/// Fills games, players and announcements by COPY. Games are created evenly over the years, each some days before it begins; so most are
/// finished, few are still to come, about a hundred have started, and one in twelve was cancelled.
/// </summary>
internal sealed class GamesGenerator(NpgsqlDataSource database, ManyGames many)
{
    private const int MostPeople = 1_000;
    private const int CancelledOneIn = 12;
    private const string Games = """
        copy games (id, version, guild_id, channel_id, host_id, title, description, location, scheduled_at, duration_minutes, max_players, status,
            created_at, updated_at, people, last_number) from stdin (format binary)
        """;
    private const string Announcements =
        "copy announcements (game_id, channel_id, text, version, is_open, created_at, changed_at) from stdin (format binary)";
    private const string Players = "copy players (game_id, user_id, display_name, number, joined_at) from stdin (format binary)";

    private static readonly TimeSpan Duration = TimeSpan.FromHours(3);

    private readonly DateTime _now = TimeProvider.System.GetUtcNow().UtcDateTime;
    private readonly Guid[] _ids = new Guid[many.Games];
    private readonly DateTime[] _created = new DateTime[many.Games];
    private readonly short[] _people = new short[many.Games];

    public async Task RunAsync(BeginPhase begin, CancellationToken ct)
    {
        Plan();
        await using var tables = await BareTables.OfAsync(database, ["games", "players", "announcements"], ct);
        await Task.WhenAll(
            CopyGamesAsync(begin($"{many.Games} games and announcements copied", 2 * many.Games), ct),
            CopyPlayersAsync(begin($"{many.Players} players copied", many.Players), ct));
        await tables.RestoreAsync(begin, ct);
    }

    private void Plan()
    {
        var (random, left) = (new Random(1), (long)many.Players);
        for (var game = 0; game < many.Games; game++)
        {
            _created[game] = _now - ManyGames.Span + ManyGames.Span * ((double)game / many.Games);
            _ids[game] = Guid.CreateVersion7(_created[game]);

            // Exponential: most games have few people, some have a crowd. The last takes what is left, so that the sum is as asked for.
            var mean = (double)left / (many.Games - game);
            var people = game == many.Games - 1 ? left : (long)(-(mean + 0.5) * Math.Log(1 - random.NextDouble()));
            _people[game] = (short)Math.Min(Math.Min(people, left), Math.Min(MostPeople, many.Users));
            left -= _people[game];
        }
    }

    private async Task CopyGamesAsync(IProgress<double> phase, CancellationToken ct)
    {
        var random = new Random(2);
        await using var ofGames = await database.OpenConnectionAsync(ct);
        await using var ofAnnouncements = await database.OpenConnectionAsync(ct);
        await using var games = await ofGames.BeginBinaryImportAsync(Games, ct);
        await using var announcements = await ofAnnouncements.BeginBinaryImportAsync(Announcements, ct);
        for (var game = 0; game < many.Games; game++)
        {
            // Up to two weeks ahead, rather soon than late; one in fifty up to two months.
            var ahead = TimeSpan.FromDays((random.Next(50) == 0 ? 60 : 14) * Math.Pow(random.NextDouble(), 2)) + TimeSpan.FromHours(1);
            var scheduled = _created[game] + ahead;
            var status = random.Next(CancelledOneIn) == 0 ? "cancelled"
                : scheduled > _now ? "scheduled"
                : scheduled + Duration > _now ? "started"
                : "finished";
            var (guild, host, title, seats) = (many.GuildOf(random), many.HostOf(random), $"Bench lists {game:000000000}", random.Next(2, 13));
            var version = _people[game] + 1;

            await games.StartRowAsync(ct);
            await games.WriteAsync(_ids[game], NpgsqlDbType.Uuid, ct);
            await games.WriteAsync(version, NpgsqlDbType.Integer, ct);
            await games.WriteAsync(guild, NpgsqlDbType.Varchar, ct);
            await games.WriteAsync(ManyGames.ChannelOf(guild), NpgsqlDbType.Varchar, ct);
            await games.WriteAsync(host, NpgsqlDbType.Varchar, ct);
            await games.WriteAsync(title, NpgsqlDbType.Varchar, ct);
            await games.WriteAsync("bring snacks", NpgsqlDbType.Varchar, ct);
            await games.WriteAsync("Voice 1", NpgsqlDbType.Varchar, ct);
            await games.WriteAsync(scheduled, NpgsqlDbType.TimestampTz, ct);
            await games.WriteAsync((int)Duration.TotalMinutes, NpgsqlDbType.Integer, ct);
            await games.WriteAsync(seats, NpgsqlDbType.Integer, ct);
            await games.WriteAsync(status, NpgsqlDbType.Varchar, ct);
            await games.WriteAsync(_created[game], NpgsqlDbType.TimestampTz, ct);
            await games.WriteAsync(_created[game], NpgsqlDbType.TimestampTz, ct);
            await games.WriteAsync((int)_people[game], NpgsqlDbType.Integer, ct);
            await games.WriteAsync((int)_people[game], NpgsqlDbType.Integer, ct);

            await announcements.StartRowAsync(ct);
            await announcements.WriteAsync(_ids[game], NpgsqlDbType.Uuid, ct);
            await announcements.WriteAsync(ManyGames.ChannelOf(guild), NpgsqlDbType.Varchar, ct);
            var text = $"**{title}**\nHost: <@{host}>\nPlayers: {Math.Min(_people[game], seats)}/{seats}\nWhere: Voice 1\n\nbring snacks";
            await announcements.WriteAsync(text, NpgsqlDbType.Varchar, ct);
            await announcements.WriteAsync(version, NpgsqlDbType.Integer, ct);
            await announcements.WriteAsync(status == "scheduled", NpgsqlDbType.Boolean, ct);
            await announcements.WriteAsync(_created[game], NpgsqlDbType.TimestampTz, ct);
            await announcements.WriteAsync(_created[game], NpgsqlDbType.TimestampTz, ct);
            phase.Report(2 * (game + 1));
        }
        await games.CompleteAsync(ct);
        await announcements.CompleteAsync(ct);
    }

    private async Task CopyPlayersAsync(IProgress<double> phase, CancellationToken ct)
    {
        var (random, users, copied) = (new Random(3), new HashSet<int>(), 0);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var players = await connection.BeginBinaryImportAsync(Players, ct);
        for (var game = 0; game < many.Games; game++)
        {
            users.Clear();
            while (users.Count < _people[game])
            {
                var user = many.UserOf(random);
                if (!users.Add(user))
                    continue;

                await players.StartRowAsync(ct);
                await players.WriteAsync(_ids[game], NpgsqlDbType.Uuid, ct);
                await players.WriteAsync(ManyGames.UserId(user), NpgsqlDbType.Varchar, ct);
                await players.WriteAsync("Ada", NpgsqlDbType.Varchar, ct);
                await players.WriteAsync(users.Count, NpgsqlDbType.Integer, ct);
                await players.WriteAsync(_created[game], NpgsqlDbType.TimestampTz, ct);
            }
            copied += users.Count;
            phase.Report(copied);
        }
        await players.CompleteAsync(ct);
    }
}
