namespace Games.Bench.Lists;

/// <summary>A list that people ask for: its name, and what it asks, with values that are drawn as the games were.</summary>
internal sealed record ListQuery(string Name, string Order, Func<Random, string> Filter)
{
    public string Path(Random random, string? cursor = null, int? limit = null) =>
        $"/games?order={Order}{Filter(random)}{(cursor is null ? "" : $"&cursor={cursor}")}{(limit is null ? "" : $"&limit={limit}")}";

    public static IReadOnlyList<ListQuery> All(ManyGames many, DateTimeOffset now)
    {
        string[] statuses = ["scheduled", "started", "finished", "cancelled"];
        (string Name, Func<Random, string> Filter)[] filters =
        [
            ("all", _ => ""),
            .. statuses.Select(status => (status, (Func<Random, string>)(_ => $"&status={status}"))),
            ("scheduled and started", _ => "&status=scheduled&status=started"),
            ("guild", Guild),
            .. statuses.Select(status => ($"guild, {status}", (Func<Random, string>)(random => $"{Guild(random)}&status={status}"))),
            ("guild, scheduled and started", random => $"{Guild(random)}&status=scheduled&status=started"),
            ("host", Host),
            ("host, scheduled", random => $"{Host(random)}&status=scheduled"),
            ("host, guild", random => $"{Host(random)}{Guild(random)}"),
            ("player", Player),
            ("player, scheduled", random => $"{Player(random)}&status=scheduled"),
            ("player, guild", random => $"{Player(random)}{Guild(random)}"),
            ("a week", Week),
            ("a week, finished", random => $"{Week(random)}&status=finished"),
            ("from now", _ => $"&from={Text(now)}"),
            ("until now", _ => $"&to={Text(now)}"),
            ("until a year ago", _ => $"&to={Text(now.AddYears(-1))}"),
            ("a year, from two years ago", _ => $"&from={Text(now.AddYears(-2))}&to={Text(now.AddYears(-1))}"),
            ("guild, until a year ago", random => $"{Guild(random)}&to={Text(now.AddYears(-1))}"),
            ("guild, a week", random => $"{Guild(random)}{Week(random)}"),
            ("guild, from now", random => $"{Guild(random)}&from={Text(now)}"),
            ("guild, until now, cancelled", random => $"{Guild(random)}&to={Text(now)}&status=cancelled"),
            ("host, from now", random => $"{Host(random)}&from={Text(now)}"),
            ("player, a week", random => $"{Player(random)}{Week(random)}"),
            ("player, from now", random => $"{Player(random)}&from={Text(now)}"),
        ];
        return [.. filters.SelectMany(filter => new[] { "newest", "soonest" }.Select(order => new ListQuery(filter.Name, order, filter.Filter)))];

        string Guild(Random random) => $"&guildId={many.GuildOf(random)}";

        string Host(Random random) => $"&hostId={many.HostOf(random)}";

        string Player(Random random) => $"&playerId={ManyGames.UserId(many.UserOf(random))}";

        string Week(Random random)
        {
            var from = now - random.NextDouble() * ManyGames.Span;
            return $"&from={Text(from)}&to={Text(from.AddDays(7))}";
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
