extern alias Ops;

using System.Text.Json;
using System.Text.RegularExpressions;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Ops;

/// <summary>The doctor as a person calls it: a process of its own, beside a bot that runs or does not.</summary>
public sealed class DoctorTests(TestServers servers, EmptyDatabase empty) : IsolatedTest(servers), IClassFixture<EmptyDatabase>
{
    private static readonly string Assembly = typeof(Ops::Program).Assembly.Location;

    private Doctor _doctor = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _doctor = new(Database, Broker);
    }

    [Fact]
    public async Task Each_planted_fault_is_found_and_only_it_and_when_it_is_mended_all_is_well()
    {
        await using var host = new BotHost(Database, Broker);
        using var bot = host.CreateClient();
        await bot.ReadyAsync();
        await _doctor.ListenedToAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(Broker) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();

        var (exitCode, findings) = await ExamineAsync();
        Assert.Equal((0, ""), (exitCode, Wrong(findings)));
        // Its own start is some hundred.
        var took = int.Parse(Regex.Match(Doctor.Saw(findings, "database"), @"answers in (\d+) ms").Groups[1].Value);
        Assert.InRange(took, 0, 50);
        Assert.Superset(
            new HashSet<string>
            {
                "database", "broker", "exchanges", "queue announce-game", "queue ingest-message", "listener Games.Bot outbox",
                    "listener Games.Bot events",
                "journal, last hour", "journal", "outbox", "bindings",
            },
            findings.Select(finding => finding.GetProperty("subject").GetString()!).ToHashSet());

        await SqlAsync(Row("'infinity'", "now()", "'hopeless'"));
        await FindsAsync("outbox, dead", "outbox retry --all");
        await SqlAsync("""DELETE FROM "OutboxMessage" """);

        await SqlAsync(Row("now() + interval '1 hour'", "NULL", "'MessageReturnedException: no route'"));
        await FindsAsync("bindings", "binds its queue when it connects");
        await SqlAsync("""UPDATE "OutboxMessage" SET "LastError" = 'refused', "Created" = now() - interval '2 minutes'""");
        await FindsAsync("outbox", "outbox list");
        await SqlAsync("""DELETE FROM "OutboxMessage" """);

        await SqlAsync("""INSERT INTO "OutboxState" ("OutboxId", "LockId", "Created") """
            + """VALUES ('6f757462-6f78-8000-8000-706175736564', gen_random_uuid(), now())""");
        await FindsAsync("relaying", "outbox resume");
        await SqlAsync("""DELETE FROM "OutboxState" """);

        await channel.QueueDeclareAsync("ingest-message_error", durable: true, exclusive: false, autoDelete: false);
        await channel.BasicPublishAsync("", "ingest-message_error", new ReadOnlyMemory<byte>([1]));
        await Until.TrueAsync(async () => await channel.MessageCountAsync("ingest-message_error") == 1, "the message is there");
        await FindsAsync("queue ingest-message_error", "MT-Fault-Message");
        await channel.QueueDeleteAsync("ingest-message_error");

        await channel.ExchangeDeleteAsync("message.stored");
        await FindsAsync("exchanges", "start the bot");
        await channel.ExchangeDeclareAsync("message.stored", ExchangeType.Fanout, durable: true);

        Assert.Equal(0, (await ExamineAsync()).ExitCode);

        Task FindsAsync(string subject, string toDo) => _doctor.FindsAsync(subject, toDo);
    }

    [Fact]
    public async Task A_read_only_database_is_found_with_what_ends_it_and_other_verbs_say_that_it_takes_nothing()
    {
        await using var readOnly = await ReadOnlyDatabase.MakeAsync(Database);

        var (exitCode, findings) = await ExamineAsync();
        var wrong = findings.Single(finding => finding.GetProperty("subject").GetString() == "database");
        Assert.Equal((1, "wrong"), (exitCode, wrong.GetProperty("state").GetString()));
        Assert.Contains("default_transaction_read_only is on (database)", wrong.GetProperty("saw").GetString());
        Assert.Contains("bots say it in the database, which takes nothing", Doctor.Saw(findings, "discord"));
        var published = await RunAsync("events", "publish", "test.event", "--payload", "{}", "--source", "test");
        Assert.Equal(1, published.ExitCode);
        Assert.Contains("takes nothing: cannot execute INSERT in a read-only transaction. doctor says why", Assert.Single(published.Errors));

        var advised = wrong.GetProperty("toDo").GetString()!.Split("In psql: ")[1];
        await readOnly.MendAsync(advised);
        Assert.DoesNotContain("database", Wrong((await ExamineAsync()).Findings));
    }

    [Fact]
    public async Task A_login_that_may_not_write_to_a_table_is_found_with_the_GRANT_that_it_lacks()
    {
        var role = $"limited_{Guid.NewGuid():N}";
        await SqlAsync($"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; "
            + $"REVOKE INSERT, DELETE ON announcements FROM {role}; REVOKE UPDATE ON \"OutboxState\" FROM {role}");
        var limited = new NpgsqlConnectionStringBuilder(Database) { Username = role, Password = "x" };
        try
        {
            var doctor = new Doctor(limited.ConnectionString, Broker);
            var (_, findings) = await doctor.ExamineAsync();
            Assert.Equal($"{role} lacks UPDATE on \"OutboxState\"; DELETE, INSERT on announcements", Doctor.Saw(findings, "database"));

            var advised = findings.Single(finding => finding.GetProperty("subject").GetString() == "database").GetProperty("toDo").GetString()!;
            await SqlAsync(advised[advised.IndexOf("GRANT", StringComparison.Ordinal)..]);
            Assert.Contains("all migrations are applied", Doctor.Saw((await doctor.ExamineAsync()).Findings, "database"));
        }
        finally
        {
            await SqlAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_game_without_its_announcement_is_found_and_published_again()
    {
        await using var host = new BotHost(Database, Broker);
        using var bot = host.CreateClient();
        await bot.ReadyAsync();
        await _doctor.ListenedToAsync();
        var (old, fresh) = (NewGame.With(now: DateTimeOffset.UtcNow.AddMinutes(-10)), NewGame.With(now: DateTimeOffset.UtcNow));
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(Database).Options);
        db.AddRange(old, fresh);
        await db.SaveChangesAsync();

        var found = await RunAsync("doctor");
        Assert.Equal(1, found.ExitCode);
        Assert.Contains(found.Output, line => line.StartsWith("WRONG", StringComparison.Ordinal) && line.Contains($"{old.Id}"));
        Assert.Contains(found.Output, line => line.Contains("doctor --republish"));
        Assert.DoesNotContain(found.Output, line => line.Contains($"{fresh.Id}"));

        Assert.Contains((await RunAsync("doctor", "--republish", "--dry-run")).Output, line => line.Contains("1 event would be published again"));
        Assert.False(await db.Announcements.AnyAsync(announcement => announcement.GameId == old.Id));

        // Twice, as by two people: one announcement.
        var twice = await Task.WhenAll(RunAsync("doctor", "--republish"), RunAsync("doctor", "--republish"));
        Assert.Contains(twice, outcome => outcome.Output.Any(line => line.Contains("1 event published again")));
        await Until.TrueAsync(() => db.Announcements.AnyAsync(announcement => announcement.GameId == old.Id), "the game is announced");
        await Until.TrueAsync(async () => await db.Database.SqlQueryRaw<int>(
            """SELECT count(*)::int AS "Value" FROM "OutboxMessage" """).SingleAsync() == 0, "both events have left");
        var after = await RunAsync("doctor", "--republish");
        Assert.Equal(0, after.ExitCode);
        Assert.Contains("All is well.", after.Output);
        Assert.Contains("0 events published", string.Join('\n', after.Output));
        Assert.Equal(0, await db.Database.SqlQuery<int>(
            $"""SELECT count(*)::int AS "Value" FROM events WHERE payload ->> 'gameId' = {$"{old.Id}"}""").SingleAsync());
    }

    [Fact]
    public async Task A_game_whose_start_or_end_is_lost_is_found_and_goes_on()
    {
        await using var host = new BotHost(Database, Broker);
        using var bot = host.CreateClient();
        await bot.ReadyAsync();
        await _doctor.ListenedToAsync();
        var now = DateTimeOffset.UtcNow;
        var late = NewGame.With(scheduledAt: now.AddMinutes(-10), durationMinutes: 120, now: now.AddHours(-9));
        var over = NewGame.With(scheduledAt: now.AddHours(-8), durationMinutes: 60, now: now.AddHours(-9));
        var open = NewGame.With(scheduledAt: now.AddHours(-8), durationMinutes: 60, now: now.AddHours(-9));
        open.Start(open.ScheduledAt, open.ScheduledAt);
        var soon = NewGame.With(scheduledAt: now.AddMinutes(-2), durationMinutes: 120, now: now.AddHours(-9));
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(Database).Options);
        db.AddRange(late, over, open, soon);
        await db.SaveChangesAsync();

        var found = await RunAsync("doctor");
        var overdue = Assert.Single(found.Output, line => line.StartsWith("WRONG", StringComparison.Ordinal) && line.Contains("not started"));
        Assert.Contains("3: ", overdue);
        Assert.All([late, over, open], game => Assert.Contains($"{game.Id}", overdue));
        Assert.Contains((await RunAsync("doctor", "--older-than", "1")).Output, line => line.Contains("doctor --republish --older-than 1"));
        await RunAsync("doctor", "--republish");

        await Until.TrueAsync(
            async () => await db.Games.AsNoTracking().ToDictionaryAsync(game => game.Id, game => game.Status) is var status
                && (status[late.Id], status[over.Id], status[open.Id], status[soon.Id])
                == (GameStatus.Started, GameStatus.Finished, GameStatus.Finished, GameStatus.Scheduled),
            "each is what it is to be by now");
    }

    [Fact]
    public async Task Without_its_servers_it_says_what_to_start()
    {
        var nothing = await ServiceProcess.RunAsync(
            Assembly,
            new Dictionary<string, string?>
            {
                ["ConnectionStrings__Games"] = "Host=127.0.0.1;Port=1;Database=games",
                ["ConnectionStrings__RabbitMq"] = ApiHost.NoBroker
            },
            "doctor", "--republish");

        Assert.Equal((1, 0), (nothing.ExitCode, nothing.Errors.Length));
        Assert.Contains(nothing.Output, line => line.Contains("start PostgreSQL (that of ./run: ./games database start)"));
        Assert.Contains(nothing.Output, line => line.Contains("start RabbitMQ (that of ./run: ./games broker start)"));
        Assert.Contains(nothing.Output, line => line.StartsWith('?') && line.Contains("outbox"));
        Assert.Equal("Nothing is published again while something is not known (?).", nothing.Output[^1]);
        Assert.Matches("^[1-9] wrong, [1-9] not known.$", nothing.Output[^2]);
    }

    [Fact]
    public async Task Without_tables_bot_and_listener_it_says_what_to_run()
    {
        await using (var source = NpgsqlDataSource.Create(empty.ConnectionString))
        await using (var command = source.CreateCommand("SELECT 1"))
            await command.ExecuteScalarAsync();

        var outcome = await ServiceProcess.RunAsync(
            Assembly,
            new Dictionary<string, string?>
            {
                ["ConnectionStrings__Games"] = empty.ConnectionString,
                ["ConnectionStrings__RabbitMq"] = Broker
            },
            "doctor");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(outcome.Output, line => line.Contains("--migrate"));
        Assert.Contains(outcome.Output, line => line.Contains("no process listens"));
        Assert.Contains(outcome.Output, line => line.Contains("start the bot"));
    }

    [Theory]
    [InlineData("--dry-run", "doctor", "--dry-run")]
    [InlineData("--older-than", "doctor", "--older-than", "-1")]
    [InlineData("ConnectionStrings:", "doctor")]
    public async Task What_it_cannot_be_asked_it_says_in_a_line(string said, params string[] arguments)
    {
        var outcome = await ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?>(), arguments);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(said, Assert.Single(outcome.Errors));
    }

    private static string Row(string nextAttempt, string dead, string error) => $$"""
        INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "DestinationAddress", "Attempts",
            "NextAttempt", "Dead", "LastError")
        VALUES (gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{}', 'rabbitmq://localhost/nowhere?bind=true', 1,
            {{nextAttempt}}, {{dead}}, {{error}})
        """;

    private static string Wrong(JsonElement[] findings) => Doctor.Wrong(findings);

    private Task<(int ExitCode, JsonElement[] Findings)> ExamineAsync() => _doctor.ExamineAsync();

    private Task<ServiceProcess.Outcome> RunAsync(params string[] arguments) => _doctor.RunAsync(arguments);

    private async Task SqlAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
