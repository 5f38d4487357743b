// One page of GET /games?order=newest, on the project's own tables: two statements, read and written by hand.
using System.Text.Json;
using Npgsql;

internal static class Lists
{
    private const int Most = 21;
    private const string Games = """
        select g.id, g.version, g.guild_id, g.channel_id, g.host_id, g.title, g.description, g.location, g.scheduled_at, g.duration_minutes,
            g.max_players, g.reminders, g.status, g.cancel_reason, g.created_at, g.updated_at,
            a.channel_id, a.text, a.version, a.is_open, a.created_at, a.changed_at, a.message_id, a.delivered_version, a.failure
        from games g left join announcements a on a.game_id = g.id order by g.id desc limit 21
        """;
    private const string Players =
        "select game_id, user_id, display_name, joined_at from players where game_id = any ($1) order by number";

    public static async Task WriteAsync(HttpContext http, NpgsqlDataSource pg)
    {
        var games = new List<object[]>(Most);
        await using var c = await pg.OpenConnectionAsync();
        await using (var q = new NpgsqlCommand(Games, c))
        await using (var rd = await q.ExecuteReaderAsync())
        {
            while (await rd.ReadAsync())
            {
                var row = new object[rd.FieldCount];
                rd.GetValues(row);
                games.Add(row);
            }
        }

        var people = games.ToDictionary(x => (Guid)x[0], _ => new List<(string, string?, DateTime)>());
        await using (var q = new NpgsqlCommand(Players, c) { Parameters = { new() { Value = people.Keys.ToArray() } } })
        await using (var rd = await q.ExecuteReaderAsync())
        {
            while (await rd.ReadAsync())
                people[rd.GetGuid(0)].Add((rd.GetString(1), rd.IsDBNull(2) ? null : rd.GetString(2), rd.GetDateTime(3)));
        }

        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("items");
        foreach (var g in games.Take(Most - 1))
        {
            json.WriteStartObject();
            string[] names =
            [
                "id", "version", "guildId", "channelId", "hostId", "title", "description", "location", "scheduledAt", "durationMinutes", "maxPlayers",
                "reminders", "status", "cancelReason", "createdAt", "updatedAt",
            ];
            for (var i = 0; i < names.Length; i++)
                Write(json, names[i], g[i]);
            var (all, seats) = (people[(Guid)g[0]], (int)g[10]);
            Write(json, "players", all.Take(seats));
            Write(json, "waitingList", all.Skip(seats));
            json.WriteStartObject("announcement");
            names = ["channelId", "text", "version", "isOpen", "createdAt", "changedAt", "messageId", "deliveredVersion", "failure"];
            for (var i = 0; i < names.Length; i++)
                Write(json, names[i], g[16 + i]);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("nextCursor", $"{games[^1][0]}");
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<(string Id, string? Name, DateTime Joined)> people)
    {
        json.WriteStartArray(name);
        foreach (var (id, display, joined) in people)
        {
            json.WriteStartObject();
            json.WriteString("userId", id);
            json.WriteString("displayName", display);
            json.WriteString("joinedAt", joined);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case string text: json.WriteString(name, text); break;
            case int number: json.WriteNumber(name, number); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case DateTime time: json.WriteString(name, time); break;
            case Guid id: json.WriteString(name, id); break;
            case int[] many:
                json.WriteStartArray(name);
                foreach (var one in many)
                    json.WriteNumberValue(one);
                json.WriteEndArray();
                break;
            default: json.WriteNull(name); break;
        }
    }
}
