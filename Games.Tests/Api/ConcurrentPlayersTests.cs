using System.Net;
using System.Text.Json.Nodes;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

/// <summary>Many who want the same game at the same time, from two APIs on one database.</summary>
public sealed class ConcurrentPlayersTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const int People = 64;
    private const int Seats = 5;

    private readonly NpgsqlDataSource _database;
    private readonly ApiHost[] _hosts;
    private readonly HttpClient[] _apis;

    public ConcurrentPlayersTests(TestDatabase database)
    {
        _database = NpgsqlDataSource.Create(database.ConnectionString);
        _hosts = [.. Enumerable.Range(0, 2).Select(_ => new ApiHost(database.ConnectionString, settings: ("RateLimits:PerKey", "1000000")))];
        _apis = [.. _hosts.Select(host => host.CreateClient())];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _database.DisposeAsync();
    }

    public static TheoryData<int> Rounds => new(1, 2, 3, 4, 5);

    [Theory]
    [MemberData(nameof(Rounds))]
    public async Task Of_64_who_want_5_seats_at_once_5_play_and_59_wait_in_one_order(int round)
    {
        var id = await CreateAsync();

        var answers = await TogetherAsync(People, number => JoinAsync(number, id));

        Assert.Equal((round, Seats), (round, answers.Count(x => (string?)x["seat"] == "playing")));
        Assert.Equal(
            Enumerable.Range(1, People - Seats), answers.Where(x => (string?)x["seat"] == "waiting").Select(x => (int)x["place"]!).Order());
        var game = await _apis[0].GetGameAsync(id);
        Assert.Equal(
            answers.Select((x, number) => (Place: (int?)x["place"] ?? 0, User: User(number))).Where(x => x.Place > 0).Order().Select(x => x.User),
            game.UserIds("waitingList"));
        Assert.Equal(Seats, game.UserIds("players").Length);
        Assert.Equal(1 + People, (int?)game["version"]);
        var events = await _database.EventsAsync(id);
        Assert.Equal(Enumerable.Range(1, 1 + People), events.Select(x => (int)x.Message["version"]!));
        Assert.Equal([.. game.UserIds("players"), .. game.UserIds("waitingList")], events.Skip(1).Select(x => (string)x.Message["userId"]!));
    }

    [Fact]
    public async Task The_same_person_twice_at_once_is_there_once()
    {
        var id = await CreateAsync();

        var answers = await TogetherAsync(16, number => _apis[number % 2].JoinGameAsync(id, User(1)));

        Assert.All(answers, x => Assert.Equal("playing", (string?)x["seat"]));
        Assert.Equal(["GameCreated", "PlayerJoined"], (await _database.EventsAsync(id)).Select(x => x.Type));
    }

    [Fact]
    public async Task All_who_play_leave_while_others_join_and_the_seats_are_full_of_those_who_are_left()
    {
        var id = await CreateAsync();
        foreach (var number in Enumerable.Range(0, Seats))
            await _apis[0].JoinGameAsync(id, User(number));

        await TogetherAsync(People, async number =>
        {
            using var response = await (number < Seats
                ? _apis[number % 2].DeletePlayerAsync(id, User(number))
                : _apis[number % 2].PutPlayerAsync(id, User(number)));
            return response.EnsureSuccessStatusCode();
        });

        var game = await _apis[0].GetGameAsync(id);
        Assert.Equal((Seats, People - (2 * Seats)), (game.UserIds("players").Length, game.UserIds("waitingList").Length));
        Assert.Equal(
            Enumerable.Range(Seats, People - Seats).Select(User), game.UserIds("players").Concat(game.UserIds("waitingList")).Order());
        // Whoever has moved up was told so, once.
        var events = await _database.EventsAsync(id);
        var waited = events.Where(x => x.Type == "PlayerJoined" && x.Message["waitingPlace"] is not null).Select(x => (string)x.Message["userId"]!);
        Assert.Equal(
            waited.Except(game.UserIds("waitingList")).Order(),
            events.Where(x => x.Type == "PlayerPromoted").Select(x => (string)x.Message["userId"]!).Order());
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public async Task Of_two_who_change_what_they_have_seen_one_does_and_the_other_is_told(int round)
    {
        var id = await CreateAsync();

        var answers = await TogetherAsync(2, async number =>
        {
            using var response = await _apis[number].PatchGameAsync(id, $$"""{"title":"by {{number}}"}""", "\"1.0\"");
            return response.StatusCode;
        });

        Assert.Equal((round, HttpStatusCode.OK, HttpStatusCode.PreconditionFailed), (round, answers.Min(), answers.Max()));
        var game = await _apis[0].GetGameAsync(id);
        Assert.Equal(($"by {Array.IndexOf(answers, HttpStatusCode.OK)}", 2), ((string?)game["title"], (int?)game["version"]));
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public async Task Who_joins_while_the_game_is_cancelled_is_in_it_or_is_told(int round)
    {
        var id = await CreateAsync();

        var answers = await TogetherAsync(9, async number =>
        {
            using var response = await (number == 4
                ? _apis[0].PostCancelAsync(id)
                : _apis[number % 2].PutPlayerAsync(id, User(number)));
            return response.StatusCode;
        });

        Assert.Equal((round, HttpStatusCode.OK), (round, answers[4]));
        var joined = Enumerable.Range(0, 9).Where(number => number != 4 && answers[number] is HttpStatusCode.OK).Select(User).ToList();
        Assert.Equal(8 - joined.Count, answers.Count(x => x is HttpStatusCode.Conflict));
        var game = await _apis[0].GetGameAsync(id);
        Assert.Equal(joined, game.UserIds("players").Concat(game.UserIds("waitingList")).Order());
        Assert.Equal("cancelled", (string?)game["status"]);
        // The cancellation is the last that happened.
        var events = await _database.EventsAsync(id);
        Assert.Equal(("GameCancelled", 2 + joined.Count), (events[^1].Type, (int)events[^1].Message["version"]!));
    }

    private static string User(int number) => $"{410000000000000000 + number}";

    // On a machine that is short of time a pool may be: the answer says so, and a repeat is harmless.
    private async Task<JsonObject> JoinAsync(int number, Guid id)
    {
        while (true)
        {
            using var response = await _apis[number % 2].PutPlayerAsync(id, User(number));
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable)
                continue;

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return await response.BodyAsync();
        }
    }

    private async Task<Guid> CreateAsync() => (await _apis[0].CreateGameAsync(Requests.ValidGame("maxPlayers", Seats))).IdOf();

    private static Task<T[]> TogetherAsync<T>(int count, Func<int, Task<T>> act) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Run(() => act(number))));
}
