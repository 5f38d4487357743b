using System.Collections.Concurrent;
using Games.AppHost.Servers;
using Games.Tests.FakeDiscord;
using Games.Tests.MainJob;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Docs;

/// <summary>What README and documents tell a reader to type, typed: on one running system, in the order in which it is written.</summary>
public sealed class DocumentedCommandsTests(TestDatabase database, TestBroker broker)
    : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IDisposable
{
    /// <summary>Debian's, which has the package that the document names; another python3 may come first on the PATH.</summary>
    private const string Python = "/usr/bin/python3";

    /// <summary>First words of blocks that cannot be typed into a running test, and who tries them.</summary>
    private static readonly string[] NotTyped =
    [
        "./run",                          // LocalRunTests
        "read -rs Discord__Token",        // RealDiscordTests
        "./test",                         // this
        "dotnet run -c Release --project Games.Bench", // docs/benchmarks.md: minutes each; CommandLineTests holds its options
        "Journal__Record=true|false",     // likewise
    ];

    private static readonly string[] Documents =
    [
        "docs/security.md", "README.md", "docs/discord.md", "docs/events.md", "Games.Ops/README.md", "Games.Bot/README.md", "Games.Journal/README.md",
        "docs/architecture.md", "docs/benchmarks.md", "docs/peers.md", "SECURITY.md",
    ];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-documents-");
    private readonly string _role = $"event_writer_{Guid.NewGuid():n}";

    private enum Kind { Picture, Shell, Sql, SqlInPsql, Python, PythonConsumer, CSharp, NotTyped }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact(Timeout = 300_000)]
    public async Task What_is_to_be_typed_works_as_typed()
    {
        RequirePython();
        await using var discord = await StandIn.StartAsync();
        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString, new Dictionary<string, string>
        {
            ["Discord__Token"] = "a.test.token",
            ["Discord__BaseAddress"] = $"{discord.Address}/api/v10/",
        });
        await services.Api.StartAsync(TestContext.Current.CancellationToken);
        await services.Bot.StartAsync(TestContext.Current.CancellationToken);
        await PrepareDirectoryAsync();
        var typed = new List<Kind>();

        foreach (var block in InOneShell(Documents.SelectMany(MarkdownBlock.AllOf)))
        {
            typed.Add(KindOf(block));
            await TypeAsync(block, services.Api.Address, discord.Address);
        }

        // The one whose Join was clicked.
        await Until.TrueAsync(
            async () => (await discord.FakeAsync("GET", $"channels/{StandIn.Channel}/messages"))["list"]!.AsArray()
                .Any(message => message!.ToJsonString() is var text && text.Contains("\"Chess\"") && text.Contains("Players 1/")),
            "the channel shows the player");

        await PsqlAsync($"drop owned by {_role}; drop role {_role}");
        Assert.All(
            [Kind.Shell, Kind.Sql, Kind.SqlInPsql, Kind.Python, Kind.PythonConsumer, Kind.CSharp], kind => Assert.Contains(kind, typed));
        Assert.Equal(
            ["nightly-script", "psql"],
            (await SourcesAsync("payload->>'note' = 'it''s paid' and source in ('psql', 'nightly-script')")).Distinct());
        Assert.Equal(["curl"], await SourcesAsync("id = '0198c0de-0000-7000-8000-000000000007'"));
    }

    /// <summary>What a section has a person type into the shell in which he has typed the block before.</summary>
    private static IEnumerable<MarkdownBlock> InOneShell(IEnumerable<MarkdownBlock> blocks)
    {
        MarkdownBlock? last = null;
        foreach (var block in blocks)
        {
            if (last is not null && (last.File, last.Section) == (block.File, block.Section)
                && KindOf(last) is Kind.Shell && KindOf(block) is Kind.Shell)
            {
                last = last with { Text = $"{last.Text}\n{block.Text}" };
                continue;
            }

            if (last is not null)
                yield return last;
            last = block;
        }

        if (last is not null)
            yield return last;
    }

    private static Kind KindOf(MarkdownBlock block) => (block.Language, block.FirstLine) switch
    {
        (_, var line) when NotTyped.Any(first => line.StartsWith(first, StringComparison.Ordinal)) => Kind.NotTyped,
        ("sql", _) => Kind.Sql,
        ("python", _) => block.Text.Contains(".consume(") ? Kind.PythonConsumer : Kind.Python,
        ("csharp", _) => Kind.CSharp,
        ("", var line) when line.StartsWith("psql ", StringComparison.Ordinal) => Kind.SqlInPsql,
        ("" or "shell", var line) when new[] { "export ", "KEY=", "dotnet ", "curl ", "./games ", "_games" }.Any(line.StartsWith) => Kind.Shell,
        ("", _) when IsPicture(block) => Kind.Picture,
        _ => throw new InvalidOperationException($"{block.File}, {block.Section}: nobody knows how to type this:\n{block.Text}"),
    };

    private static bool IsPicture(MarkdownBlock block) => block.Text.Contains("──") || block.Section is "Where to look";

    private async Task TypeAsync(MarkdownBlock block, Uri api, string discord)
    {
        switch (KindOf(block))
        {
            case Kind.Shell:
                await Shell.RunAsync(
                    block.Text.Replace("http://localhost:5080", api.GetLeftPart(UriPartial.Authority)).Replace("http://localhost:5082", discord),
                    _directory.FullName, Environment);
                break;
            case Kind.SqlInPsql:
                await PsqlAsync(SqlIn(block));
                break;
            case Kind.Sql:
                await PsqlAsync(block.Text.Replace("event_writer", _role).Replace("'…'", $"'{Guid.NewGuid()}'"));
                break;
            case Kind.Python:
                await Shell.RunAsync(new Command(Python, "-") { Input = block.Text, Environment = Environment });
                break;
            case Kind.PythonConsumer:
                await HearsAsync(new Command(Python, "-") { Input = block.Text, Environment = Environment });
                break;
        }
    }

    /// <summary>A consumer goes on until it is ended: it hears what the document types into psql.</summary>
    private async Task HearsAsync(Command consumer)
    {
        var insert = MarkdownBlock.AllOf("docs/events.md").Single(block => KindOf(block) is Kind.SqlInPsql);
        var heard = new ConcurrentQueue<string>();
        using var process = ChildProcess.Start(consumer, heard.Enqueue);
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    Assert.True(process.IsRunning, string.Join('\n', heard));
                    // What is dispatched before its queue is bound, it cannot hear.
                    await PsqlAsync(SqlIn(insert));
                    return heard.Any(line => line.Contains("order.paid {'note': \"it's paid\", 'order': 7}"));
                },
                "the consumer hears the event");
        }
        finally
        {
            process.Kill();
        }
    }

    private static string SqlIn(MarkdownBlock block) => block.Text[block.FirstLine.Length..];

    private Task PsqlAsync(string sql) =>
        Shell.RunAsync(new Command("psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1") { Input = sql, Environment = Environment });

    private Dictionary<string, string?> Environment
    {
        get
        {
            var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
            return new()
            {
                ["ConnectionStrings__Games"] = database.ConnectionString,
                ["ConnectionStrings__RabbitMq"] = broker.ConnectionString,
                ["PGHOST"] = server.Host,
                ["PGPORT"] = $"{server.Port}",
                ["PGUSER"] = server.Username,
                ["PGPASSWORD"] = server.Password,
                ["PGDATABASE"] = server.Database,
            };
        }
    }

    /// <summary>What lies in the repository's folder while ./run runs: its key, and the console. tail would go on for ever.</summary>
    private async Task PrepareDirectoryAsync()
    {
        _directory.CreateSubdirectory(".run");
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, ".run", "api-key"), TestKey.Text);
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "games"), $"""
            #!/usr/bin/env bash
            # Those stop and start the servers of ./run: RunAndConsoleTests.
            [[ $1 == broker || $1 == database ]] && exit
            patience=
            [[ "$1 $2" == "events tail" ]] && patience="timeout --signal INT --preserve-status 5"
            exec $patience dotnet exec '{Path.Combine(GamesService.OutputOf("Games.Ops"), "Games.Ops.dll")}' "$@"
            """);
        await Shell.RunAsync("chmod +x games", _directory.FullName, Environment);
    }

    private static void RequirePython()
    {
        var isThere = new[] { "psycopg", "pika" }.All(package => Directory.Exists($"/usr/lib/python3/dist-packages/{package}"));
        if (!isThere && System.Environment.GetEnvironmentVariable("CI") != "true")
            Assert.Skip("psycopg or pika is missing: apt-get install python3-psycopg python3-pika");
    }

    private async Task<string[]> SourcesAsync(string condition)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"select array(select source from events where {condition} order by 1)", connection);
        return (string[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
