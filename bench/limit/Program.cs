// The practical limit on a machine: the main job with its guarantees (game and outbox row in one commit, relay with publisher
// confirms, consumer de-duplication and announcement in one commit), written by hand on Npgsql and RabbitMQ.Client, no framework.
// Usage: Limit init | api PORT | bot PORT | ingest PORT, with ConnectionStrings__Games and ConnectionStrings__RabbitMq set.
//        ingest stores messages of Discord and tells of each: row, inbox and outbox in one commit, and the same relay.
//        Limit lists PORT answers with one page of the project's own tables.
// The tables and columns that a load generator reads are those of the project: games(id, created_at), announcements(game_id, created_at),
// discord_messages(message_id).
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

var mode = args[0];
var port = args.Length > 1 ? args[1] : "5601";
var games = new NpgsqlConnectionStringBuilder(Setting("ConnectionStrings__Games")) { MaxPoolSize = 64, MaxAutoPrepare = 50 };
var pg = NpgsqlDataSource.Create(games);
if (mode == "init")
{
    var name = games.Database;
    games.Database = "postgres";
    var admin = NpgsqlDataSource.Create(games);
    await using (var c = admin.CreateCommand($"drop database if exists \"{name}\" with (force)"))
        await c.ExecuteNonQueryAsync();
    await using (var c = admin.CreateCommand($"create database \"{name}\""))
        await c.ExecuteNonQueryAsync();
    await using var create = pg.CreateCommand("""
        create table games(id uuid primary key, guild_id text, channel_id text, host_id text, title text, description text,
            scheduled_at timestamptz, max_players int, created_at timestamptz);
        create table announcements(game_id uuid primary key, text text, created_at timestamptz);
        create table outbox(id bigint generated always as identity primary key, message_id uuid, body bytea);
        create table inbox(message_id uuid primary key, received timestamptz);
        create table discord_messages(message_id text primary key, channel_id text, guild_id text, author_id text, author_name text, content text,
            sent_at timestamptz, attachments jsonb, embeds jsonb, raw jsonb, created_at timestamptz);
        """);
    await create.ExecuteNonQueryAsync();
    return;
}
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
var app = builder.Build();
app.MapGet("/health/ready", () => "ok");
if (mode == "lists")
{
    app.MapGet("/games", http => Lists.WriteAsync(http, pg));
    app.Run();
    return;
}
var conn = await new ConnectionFactory { Uri = new Uri(Setting("ConnectionStrings__RabbitMq")) }.CreateConnectionAsync();
var wake = Channel.CreateBounded<int>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
if (mode == "api")
{
    app.MapPost("/games", async (CreateGame r) =>
    {
        var id = Guid.CreateVersion7();
        var message = new { gameId = id, r.GuildId, r.ChannelId, r.Title, r.ScheduledAt };
        var body = JsonSerializer.SerializeToUtf8Bytes(new { messageId = id, message });
        await using var c = await pg.OpenConnectionAsync();
        await using var b = new NpgsqlBatch(c)
        {
            BatchCommands =
            {
                new("insert into games values($1,$2,$3,$4,$5,$6,$7,$8,$9)")
                {
                    Parameters =
                    {
                        new() { Value = id }, new() { Value = r.GuildId }, new() { Value = r.ChannelId }, new() { Value = r.HostId },
                        new() { Value = r.Title }, new() { Value = r.Description ?? "" }, new() { Value = r.ScheduledAt.ToUniversalTime() },
                        new() { Value = r.MaxPlayers }, new() { Value = DateTimeOffset.UtcNow },
                    },
                },
                new("insert into outbox(message_id,body) values($1,$2)") { Parameters = { new() { Value = id }, new() { Value = body } } },
            },
        };
        await b.ExecuteNonQueryAsync();
        wake.Writer.TryWrite(1);
        return Results.Created($"/games/{id}", new { id, r.Title });
    });
    _ = Task.Run(() => RelayAsync(pg, conn, "limit", wake));
}
else if (mode == "ingest")
{
    await Ingestion.StartAsync(pg, conn, () => wake.Writer.TryWrite(1));
    _ = Task.Run(() => RelayAsync(pg, conn, "message.stored", wake));
}
else
{
    var ch = await conn.CreateChannelAsync(new CreateChannelOptions(false, false, consumerDispatchConcurrency: 16));
    await ch.ExchangeDeclareAsync("limit", "fanout", true);
    await ch.QueueDeclareAsync("limit", true, false, false);
    await ch.QueueBindAsync("limit", "limit", "");
    await ch.BasicQosAsync(0, 64, false);
    var consumer = new AsyncEventingBasicConsumer(ch);
    consumer.ReceivedAsync += async (_, d) =>
    {
        var id = Guid.Parse(d.BasicProperties.MessageId!);
        await using var c = await pg.OpenConnectionAsync();
        await using (var q = new NpgsqlCommand("select title from games where id=$1", c) { Parameters = { new() { Value = id } } })
        {
            var title = (string)(await q.ExecuteScalarAsync() ?? throw new Exception("race"));
            await using var b = new NpgsqlBatch(c)
            {
                BatchCommands =
                {
                    new("insert into inbox values($1,now())") { Parameters = { new() { Value = id } } },
                    new("insert into announcements values($1,$2,$3)")
                    {
                        Parameters = { new() { Value = id }, new() { Value = title }, new() { Value = DateTimeOffset.UtcNow } },
                    },
                },
            };
            await b.ExecuteNonQueryAsync();
        }
        await ch.BasicAckAsync(d.DeliveryTag, false);
    };
    await ch.BasicConsumeAsync("limit", false, consumer);
}
app.Run();

static async Task RelayAsync(NpgsqlDataSource pg, IConnection conn, string exchange, Channel<int> wake)
{
    await using var ch = await conn.CreateChannelAsync(new CreateChannelOptions(true, true, new ThrottlingRateLimiter(1024)));
    await ch.ExchangeDeclareAsync(exchange, "fanout", true);
    while (true)
    {
        var n = 0;
        await using (var c = await pg.OpenConnectionAsync())
        await using (var tx = await c.BeginTransactionAsync())
        {
            var rows = new List<(Guid, byte[])>();
            const string Take =
                "delete from outbox where id in (select id from outbox order by id limit 500 for update skip locked) returning message_id, body";
            await using (var cmd = new NpgsqlCommand(Take, c, tx))
            await using (var rd = await cmd.ExecuteReaderAsync())
                while (await rd.ReadAsync()) rows.Add((rd.GetGuid(0), (byte[])rd[1]));
            n = rows.Count;
            await Task.WhenAll(rows.Select(x => ch.BasicPublishAsync(
                exchange, "", false, new BasicProperties { Persistent = true, MessageId = x.Item1.ToString() }, x.Item2).AsTask()));
            await tx.CommitAsync();
        }
        if (n == 0) await Task.WhenAny(wake.Reader.ReadAsync().AsTask(), Task.Delay(1000));
    }
}

static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"Set {name}.");

internal sealed record CreateGame(
    string GuildId, string ChannelId, string HostId, string Title, string? Description, DateTimeOffset ScheduledAt, int MaxPlayers);
