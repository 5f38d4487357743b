using System.Diagnostics;
using System.Text;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Discord;

/// <summary>Games at a constant rate over many channels until each has its message, then clicks on these messages.</summary>
internal sealed class DiscordRun(ApiConnections api, NpgsqlDataSource database, StandIn discord, DiscordLoad load)
{
    public const int Users = 200;

    // What a user sees of a game that has a free seat, and of one that has none.
    private static readonly string[] Answers = ["You have a seat in ", "All seats of "];

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public async Task<DiscordFigures> RunAsync(BeginPhase begin, CancellationToken ct)
    {
        if (load.WarmUpSeconds > 0)
            await MeasureAsync(load.WarmUpSeconds, "warm-up: ", begin, ct);
        return await MeasureAsync(load.Seconds, "", begin, ct);
    }

    private async Task<DiscordFigures> MeasureAsync(int seconds, string what, BeginPhase begin, CancellationToken ct)
    {
        var count = Math.Max(1, load.Rate * seconds);
        var (posted, _, _) = await OpenLoop.RunAsync(
            PostAsync, load.Rate, seconds, begin($"{what}{count:0} games posted, {load.Rate:0.#}/s over {load.Channels} channels", count), ct);
        Guid[] games = [.. posted.Where(answer => answer.Accepted).Select(answer => answer.GameId)];
        await WaitUntilDeliveredAsync(games, begin($"{what}in Discord", games.Length), ct);
        var messages = await discord.MessagesAsync(load.Channels, ct);
        var created = await CreatedAsync(games, ct);

        Guid[] shown = [.. games.Where(game => messages[game].Any())];
        var clicks = Math.Max(1, load.ClickRate * seconds);
        var (seen, clickMilliseconds, _) = shown is []
            ? ([], [], default)
            : await OpenLoop.RunAsync(
                ClickAsync, load.ClickRate, seconds, begin($"{what}{clicks:0} clicks, {load.ClickRate:0.#}/s", clicks), ct);
        await WaitUntilDeliveredAsync(games, begin($"{what}in Discord again", games.Length), ct);

        return new(
            games.Length,
            posted.Where(answer => !answer.Accepted).CountBy(answer => answer.Refusal!).ToDictionary(),
            Distribution.Of(shown.Select(game => (messages[game].First().At - created[game]).TotalMilliseconds)),
            Missing: games.Length - shown.Length,
            Doubled: games.Count(game => messages[game].Count() > 1),
            Distribution.Of(clickMilliseconds.Where((_, number) => IsAnswer(seen[number]))),
            seen.Where(text => !IsAnswer(text)).CountBy(text => text).ToDictionary(),
            await discord.TooEarlyAsync(ct));

        // Every click joins: a user clicks once on each game.
        Task<string> ClickAsync(int number, CancellationToken token) => discord.ClickAsync(
            messages[shown[number % shown.Length]].First().Id, StandIn.User(number / shown.Length % Users), "Join", token);
    }

    private async Task<Answer> PostAsync(int number, CancellationToken ct)
    {
        var body = $$"""
            {"guildId":"{{StandIn.Guild}}","channelId":"{{StandIn.Channel(number % load.Channels)}}","hostId":"{{StandIn.User(0)}}",
            "title":"Bench {{number}}","description":"bring snacks","scheduledAt":"{{DateTimeOffset.UtcNow.AddDays(30):O}}"}
            """;
        var reply = await api.SendAsync(HttpMethod.Post, "/games", Encoding.UTF8.GetBytes(body), ct);
        return reply.Status == 201 && GamePoster.GameIdOf(reply.Location) is { } game ? Answer.Of(game) : Answer.Refused(reply.Name);
    }

    private static bool IsAnswer(string text) => Answers.Any(answer => text.StartsWith(answer, StringComparison.Ordinal));

    private async Task WaitUntilDeliveredAsync(Guid[] games, IProgress<double> phase, CancellationToken ct)
    {
        const string Delivered = """
            select count(*) from games join announcements on announcements.game_id = games.id
            where games.id = any ($1) and announcements.delivered_version >= games.version
            """;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < load.Timeout)
        {
            var delivered = await database.ScalarAsync<long>(Delivered, ct, games);
            phase.Report(delivered);
            if (delivered == games.Length)
                return;
            await Task.Delay(PollInterval, ct);
        }
    }

    private async Task<Dictionary<Guid, DateTimeOffset>> CreatedAsync(Guid[] games, CancellationToken ct)
    {
        var rows = await database.QueryAsync(
            "select id, created_at from games where id = any ($1)", row => (Id: row.GetGuid(0), At: row.GetFieldValue<DateTimeOffset>(1)), ct, games);
        return rows.ToDictionary(row => row.Id, row => row.At);
    }
}
