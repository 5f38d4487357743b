using System.Collections.Concurrent;
using System.Net;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.MainJob;

/// <summary>API and bot as they run for real: processes of their own, on a database and a broker that a test may take away.</summary>
internal sealed class RunningServices : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly Dictionary<string, string> _settings;
    private readonly ConcurrentQueue<string> _apiLog = new();
    private readonly ConcurrentQueue<string> _botLog = new();

    /// <param name="database">Of both.</param>
    /// <param name="broker">Of both.</param>
    /// <param name="discord">Settings of the bot, whose keys begin with Discord__; without them it has no token.</param>
    /// <param name="further">Settings of both.</param>
    public RunningServices(
        string database, string broker, IReadOnlyDictionary<string, string>? discord = null, IReadOnlyDictionary<string, string>? further = null)
    {
        _database = NpgsqlDataSource.Create(database);
        _settings = new()
        {
            ["ConnectionStrings__Games"] = database,
            ["ConnectionStrings__RabbitMq"] = broker,
            // What a killed process held is free after this: the tests need not wait for the default.
            ["Outbox__Lease"] = "00:00:02"
        };
        foreach (var (key, value) in further ?? new Dictionary<string, string>())
            _settings[key] = value;
        Api = NewApi();
        Bot = new(
            "bot", "Games.Bot", $"http://127.0.0.1:{FreePort.Next()}", _settings.Concat(discord ?? new Dictionary<string, string>()).ToDictionary(),
            _botLog.Enqueue);
    }

    public GamesService Api { get; }
    public GamesService Bot { get; }
    public string[] BotLog => [.. _botLog];

    public GamesService NewApi() => new("api", "Games.Api", $"http://127.0.0.1:{FreePort.Next()}", _settings, _apiLog.Enqueue);

    public HttpClient Client(GamesService? api = null) => new()
    {
        BaseAddress = (api ?? Api).Address,
        DefaultRequestHeaders = { Authorization = TestKey.Header },
    };

    /// <summary>Creates games with several clients at once; the ids of those answered 201.
    /// Other answers and broken connections are no games.</summary>
    public async Task<Guid[]> CreateGamesAsync(int count, int clients, Action<int>? created = null, GamesService? api = null)
    {
        using var client = Client(api);
        var ids = new ConcurrentBag<Guid>();
        var left = count;
        var made = 0;

        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                try
                {
                    using var response = await client.PostGameAsync(Requests.ValidGame());
                    if (response.StatusCode is not HttpStatusCode.Created)
                        continue;

                    ids.Add(Guid.Parse(response.Headers.Location!.OriginalString.Split('/')[^1]));
                    created?.Invoke(Interlocked.Increment(ref made));
                }
                catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
                {
                    // The process was killed under us: this request has no answer, so it promises nothing.
                }
            }
        }));

        return [.. ids];
    }

    public async Task AllAnnouncedAsync(Guid[] games)
    {
        try
        {
            await Until.TrueAsync(
                async () => (await MissingAsync(games)).Length == 0, $"all {games.Length} games are announced", TimeSpan.FromSeconds(60));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            var rows = await CountAsync("""SELECT count(*) FROM "OutboxMessage" WHERE "EnqueueTime" IS NULL""");
            throw new InvalidOperationException(
                $"{failure.Message} {(await MissingAsync(games)).Length} are missing, {rows} rows are in the outbox. {SaidLast()}", failure);
        }
    }

    /// <summary>What health/ready of the bot answers, in words, when it is not ready in time.</summary>
    public async Task BotReadyAsync(string what)
    {
        using var client = Client(Bot);
        var report = "";
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    using var answer = await client.GetAsync("/health/ready");
                    report = await answer.Content.ReadAsStringAsync();
                    return answer.IsSuccessStatusCode;
                }, what);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new InvalidOperationException($"{failure.Message} It answers {report}. {SaidLast()}", failure);
        }
    }

    private string SaidLast()
    {
        return "The services said last:\n" + string.Join('\n', Notable(_apiLog).Concat(Notable(_botLog)));

        static IEnumerable<string> Notable(IEnumerable<string> log) => log.Where(x => !x.Contains("is to be announced")).TakeLast(40);
    }

    /// <summary>Each game's announcements as the bot has logged them: the effect, not only the row.</summary>
    public int TimesAnnounced(Guid game) => BotLog.Count(x => x.Contains($"Game {game} ") && x.Contains("is to be announced"));

    public async Task<Guid[]> MissingAsync(Guid[] games)
    {
        await using var command = _database.CreateCommand(
            "SELECT id FROM unnest($1) id WHERE NOT EXISTS (SELECT 1 FROM announcements WHERE game_id = id)");
        command.Parameters.Add(new() { Value = games });
        await using var reader = await command.ExecuteReaderAsync();
        var missing = new List<Guid>();
        while (await reader.ReadAsync())
            missing.Add(reader.GetGuid(0));

        return [.. missing];
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);

        return (long)(await command.ExecuteScalarAsync())!;
    }

    public Task OutboxEmptyAsync() =>
        Until.TrueAsync(
            async () => await CountAsync("""SELECT count(*) FROM "OutboxMessage" WHERE "EnqueueTime" IS NULL""") == 0, "the outbox is empty");

    public async ValueTask DisposeAsync()
    {
        await Bot.DisposeAsync();
        await Api.DisposeAsync();
        await _database.DisposeAsync();
    }
}
