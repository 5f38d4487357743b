extern alias Bot;

using System.Collections.Concurrent;
using Bot::Games.Bot.Announcing;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults;
using Games.Tests.Api;
using Games.Tests.Data;
using MassTransit;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Games.Tests.Bot;

/// <summary>
/// The whole bot on MassTransit's harness: its transport is in memory; its outbox, its inbox and the database are the real ones. What a game is
/// asked for here is asked as every door does it.
/// </summary>
internal sealed class GameNight : IAsyncDisposable
{
    private readonly ConcurrentBag<Guid> _sent = [];
    private readonly BotHost _host;
    private readonly NpgsqlDataSource _database;

    public GameNight(string database, params (string Key, string Value)[] settings)
        : this(database, null, settings)
    {
    }

    public GameNight(string database, TimeProvider? clock, params (string Key, string Value)[] settings)
    {
        var types = typeof(Bot::Program).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false }
            && (typeof(IConsumer).IsAssignableFrom(type) || typeof(IConsumerDefinition).IsAssignableFrom(type)));
        _database = NpgsqlDataSource.Create(database);
        _host = new BotHost(database, ApiHost.NoBroker, services =>
        {
            services.AddMassTransitTestHarness(bus =>
            {
                bus.SetTestTimeouts(testInactivityTimeout: TimeSpan.FromSeconds(30));
                bus.AddConsumers(types.ToArray());
                bus.AddGamesOutbox();
            });
            if (clock is not null)
                services.AddSingleton(clock);
        }, settings);
        _host.StartServer();
    }

    public IBus Bus => _host.Services.GetTestHarness().Bus;

    public HttpClient Http() => _host.CreateClient();

    /// <summary>What one health check says.</summary>
    public async Task<HealthStatus> HealthAsync(string check) =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(x => x.Name == check)).Entries[check].Status;

    public IReadOnlyCollection<string> Log => _host.Log.Lines;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    public async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> act)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await act(scope.ServiceProvider);
    }

    public Task<T> DoAsync<T>(Func<GameCommands, Task<T>> act) => InScopeAsync(scope => act(scope.GetRequiredService<GameCommands>()));

    public async Task<Guid> CreateAsync(GameDetails? details = null) => (await DoAsync(games => games.CreateAsync(
        NewGame.GuildId, NewGame.ChannelId, NewGame.HostId, details ?? NewGame.With(reminders: [60]).Details, "somebody", default))).Id;

    public Task<GameResult> JoinAsync(Guid id, string user) => DoAsync(games => games.JoinAsync(id, user, null, "somebody", default));

    public Task<GameResult> ChangeAsync(Guid id, Func<GameDetails, GameDetails> change) =>
        DoAsync(games => games.ChangeAsync(id, _ => true, change, "somebody", default));

    public Task<Game> GameAsync(Guid id) => InScopeAsync(scope => scope.GetRequiredService<GamesDbContext>().Games.AsNoTracking()
        .Include(game => game.Players).SingleAsync(game => game.Id == id));

    public Task<Announcement?> AnnouncementAsync(Guid id) => InScopeAsync(scope => scope.GetRequiredService<GamesDbContext>().Announcements
        .AsNoTracking().SingleOrDefaultAsync(x => x.GameId == id));

    /// <summary>Waits until the announcement tells of the game as it is, and returns it.</summary>
    public async Task<Announcement> AnnouncedAsync(Guid id)
    {
        var game = await GameAsync(id);
        await Until.TrueAsync(async () => (await AnnouncementAsync(id))?.Version == game.Version, $"version {game.Version} is announced");
        var announcement = (await AnnouncementAsync(id))!;
        Assert.Equal(AnnouncementText.Of(game, [.. game.Playing, .. game.Waiting]), announcement.Text);
        Assert.Equal(game.IsOpen, announcement.IsOpen);
        return announcement;
    }

    /// <summary>Who is told what of the game, in the order of the users.</summary>
    public Task<(string User, string Text)[]> ToldAsync(Guid id) => InScopeAsync(async scope =>
    {
        var messages = await scope.GetRequiredService<GamesDbContext>().DirectMessages.AsNoTracking().Where(x => x.GameId == id).ToListAsync();
        return messages.Select(x => (x.UserId, x.Text)).OrderBy(x => x.UserId, StringComparer.Ordinal).ToArray();
    });

    public async Task SendAsync(string queue, object message) =>
        await (await Bus.GetSendEndpoint(new($"queue:{queue}"))).Send(message, message.GetType(), context => _sent.Add(context.MessageId!.Value));

    /// <summary>Waits until all that was sent is consumed.</summary>
    public Task SentIsConsumedAsync() => Until.TrueAsync(
        async () => await CountAsync("""SELECT count(*) FROM "InboxState" WHERE "MessageId" = ANY ($1)""", _sent.ToArray()) == _sent.Count,
        $"{_sent.Count} messages are consumed");

    /// <summary>Publishes the events at once, and waits until so many consumers have taken them: that is, have their inbox rows.</summary>
    public async Task PublishAsync(IReadOnlyCollection<object> events)
    {
        ConcurrentBag<Guid> ids = [];
        await Task.WhenAll(events.Select(said => Task.Run(
            () => Bus.Publish(said, said.GetType(), context => ids.Add(context.MessageId!.Value)))));
        var consumers = events.Sum(ConsumersOf);
        await Until.TrueAsync(
            async () => await CountAsync("""SELECT count(*) FROM "InboxState" WHERE "MessageId" = ANY ($1)""", ids.ToArray()) == consumers,
            $"{events.Count} events are consumed {consumers} times");
    }

    public async Task<long> CountAsync(string sql, object parameter)
    {
        await using var command = _database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = parameter });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var command = _database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        await command.ExecuteNonQueryAsync();
    }

    // Announcements, and those who are told.
    private static int ConsumersOf(object said) => said is GameUpdated or GameCancelled or PlayerLeft ? 2 : 1;
}
