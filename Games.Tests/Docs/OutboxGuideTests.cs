using System.Net;
using System.Text.RegularExpressions;
using Games.AppHost.Servers;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.Docs;

/// <summary>The guide of the outbox, as a newcomer follows it.</summary>
[Collection(Shell.BuildsTheOutbox)]
public sealed partial class OutboxGuideTests(EmptyDatabase database, TestBroker broker)
    : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>, IAsyncDisposable
{
    private const string Guide = "Games.Outbox/README.md";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-guide-");
    private readonly HttpClient _http = new();
    private readonly string _address = $"http://localhost:{FreePort.Next()}";

    private static IEnumerable<MarkdownBlock> SetUp => MarkdownBlock.AllOf(Guide).Where(block => block.Section == "Set it up");

    private static IEnumerable<(string Name, string Text)> Files =>
        SetUp.Where(block => block.Language == "csharp").Select(block => (block.Before.Split('`')[^2], block.Text));

    private Dictionary<string, string?> Environment { get; } = new()
    {
        // What is built already is used as it is, and no build server outlives the test.
        ["Configuration"] = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)).Parent!.Name,
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
        ["DOTNET_NOLOGO"] = "1",
    };

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void It_quotes_the_sample_whole_and_word_for_word() => Assert.Equal(
        Repository.Sources("samples/Shop").Select(source => (Path.GetFileName(source.Name), source.Text.TrimEnd())).Order(), Files.Order());

    [Fact]
    public void The_sample_can_be_read_at_one_sitting() =>
        Assert.InRange(Repository.Sources("samples/Shop").Sum(source => source.Text.Count(character => character == '\n')), 1, 99);

    [Fact]
    public async Task Followed_word_by_word_in_an_empty_folder_it_ships_an_order()
    {
        var shop = Path.Combine(_directory.FullName, "Shop");
        var blocks = SetUp.Where(block => block.Language == "shell").Select(block => block.Text).ToList();
        Assert.Equal(7, blocks.Count);
        var (create, ofRun, elsewhere, migrate, start, order, outage) = (blocks[0], blocks[1], blocks[2], blocks[3], blocks[4], blocks[5], blocks[6]);

        var clone = Repository.PathOf(".").Replace("'", @"'\''");
        await Shell.RunAsync(create.Replace("../games", $"'{clone}'"), _directory.FullName, Environment);
        foreach (var (name, text) in Files)
            await File.WriteAllTextAsync(Path.Combine(shop, name), text, TestContext.Current.CancellationToken);
        await FindsTheServersOfARunAsync(ofRun, shop);
        Assert.Equal(
            ["export ConnectionStrings__Shop", "export ConnectionStrings__RabbitMq"], elsewhere.Split('\n').Select(line => line.Split('=')[0]));
        Environment["ConnectionStrings__Shop"] = database.ConnectionString;
        Environment["ConnectionStrings__RabbitMq"] = broker.ConnectionString;
        await Shell.RunAsync(migrate, shop, Environment);

        using var running = ChildProcess.Start(Shell.Script(HereIn(start), shop, Environment));
        try
        {
            await Until.TrueAsync(() => AnswersAsync(running), "the shop answers", TimeSpan.FromMinutes(1));

            var answers = await Shell.RunAsync(HereIn(order), shop, Environment);

            await IsShippedAsync(answers);

            // There is no run whose broker could be stopped: ShopTests has one that is away.
            await IsShippedAsync(await Shell.RunAsync(HereIn(outage).Replace("../games/games broker", "echo broker"), shop, Environment));
        }
        finally
        {
            running.Kill();
        }
    }

    /// <summary>In the file that ./run writes, with the connection string that it has.</summary>
    private async Task FindsTheServersOfARunAsync(string block, string shop)
    {
        await using var server = new PostgresServer(_directory.FullName);
        var servers = server.ConnectionStringTo("games");
        var file = Path.Combine(_directory.CreateSubdirectory("games/.run").FullName, "environment");
        await File.WriteAllTextAsync(file, $"export ConnectionStrings__Games='{servers}'\nexport ConnectionStrings__RabbitMq='amqp://a-broker/'\n");

        var said = await Shell.RunAsync(
            $"{block}\necho \"$ConnectionStrings__Shop $ConnectionStrings__RabbitMq\"", shop, new Dictionary<string, string?>());

        Assert.Equal($"{servers.Replace("Database=games", "Database=shop")} amqp://a-broker/", said);
        Assert.EndsWith("Database=games", servers);
    }

    private async Task IsShippedAsync(string answers)
    {
        var id = PlacedOrder.Match(answers).Groups[1].Value;
        await Until.TrueAsync(
            async () => !(await _http.GetStringAsync($"{_address}/orders/{id}")).Contains("\"shippedAt\":null"), "the order is shipped");
    }

    private async Task<bool> AnswersAsync(ChildProcess shop)
    {
        Assert.True(shop.IsRunning, shop.LastLines);
        try
        {
            using var answer = await _http.GetAsync($"{_address}/orders/{Guid.Empty}");
            return answer.StatusCode is HttpStatusCode.NotFound;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private string HereIn(string text) => text.Replace("http://localhost:5090", _address);

    [GeneratedRegex("Location: /orders/([0-9a-f-]{36})")]
    private static partial Regex PlacedOrder { get; }
}
