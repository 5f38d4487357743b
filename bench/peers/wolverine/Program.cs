// The main job on Wolverine as its documentation recommends it: EF Core with its durable outbox and inbox, publisher confirms tracked.
// Usage: WolverinePeer init | api PORT | bot PORT, with ConnectionStrings__Games and ConnectionStrings__RabbitMq set.
// The tables and columns that a load generator reads are those of the project: games(id, created_at), announcements(game_id, created_at).
using JasperFx;
using JasperFx.Resources;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Wolverine;
using Wolverine.EntityFrameworkCore;
using Wolverine.Persistence;
using Wolverine.Postgresql;
using Wolverine.RabbitMQ;

const string Queue = "wolverine-announcements";
const string Exchange = "wolverine-game-created";

var mode = args[0];
var port = args.Length > 1 ? args[1] : "5601";
var games = new NpgsqlConnectionStringBuilder(Setting("ConnectionStrings__Games")) { MaxPoolSize = 64, MaxAutoPrepare = 50 }.ConnectionString;
if (mode == "init")
{
    await using var pg = NpgsqlDataSource.Create(games);
    await using var create = pg.CreateCommand("""
        create table games(id uuid primary key, guild_id text, channel_id text, host_id text, title text, description text,
            scheduled_at timestamptz, max_players int, created_at timestamptz);
        create table announcements(game_id uuid primary key, text text, created_at timestamptz);
        """);
    await create.ExecuteNonQueryAsync();
    return;
}

var builder = WebApplication.CreateBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
builder.Host.UseWolverine(options =>
{
    // Each service has its own tables, as each elects a leader of its own.
    var schema = $"wolverine_{mode}";
    options.ServiceName = mode;
    options.PersistMessagesWithPostgresql(games, schema);
    options.Services.AddDbContextWithWolverineIntegration<PeerDb>(db => db.UseNpgsql(games), schema);
    options.UseEntityFrameworkCoreTransactions(TransactionMiddlewareMode.Eager);
    options.Policies.AutoApplyTransactions();
    options.Policies.UseDurableOutboxOnAllSendingEndpoints();
    options.Policies.UseDurableInboxOnAllListeners();
    options.UseRabbitMq(new Uri(Setting("ConnectionStrings__RabbitMq")))
        .AutoProvision()
        .DeclareExchange(Exchange, exchange => exchange.BindQueue(Queue))
        .ConfigureChannelCreation(channel =>
        {
            channel.PublisherConfirmationsEnabled = true;
            channel.PublisherConfirmationTrackingEnabled = true;
        });
    if (mode == "api")
        options.PublishMessage<GameCreated>().ToRabbitExchange(Exchange);
    else
        options.ListenToRabbitQueue(Queue);
});
builder.Host.UseResourceSetupOnStartup();
var app = builder.Build();
app.MapGet("/health/ready", () => "ok");
if (mode == "api")
{
    app.MapPost("/games", async (CreateGame r, IDbContextOutbox<PeerDb> outbox) =>
    {
        var game = new Game
        {
            Id = Guid.CreateVersion7(),
            GuildId = r.GuildId,
            ChannelId = r.ChannelId,
            HostId = r.HostId,
            Title = r.Title,
            Description = r.Description ?? "",
            ScheduledAt = r.ScheduledAt.ToUniversalTime(),
            MaxPlayers = r.MaxPlayers,
            CreatedAt = DateTimeOffset.UtcNow,
        };
        outbox.DbContext.Games.Add(game);
        await outbox.PublishAsync(new GameCreated(game.Id, game.GuildId, game.ChannelId, game.Title, game.ScheduledAt));
        await outbox.SaveChangesAndFlushMessagesAsync();
        return Results.Created($"/games/{game.Id}", new { game.Id, game.Title });
    });
}
app.Run();

static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"Set {name}.");
