using System.Xml.Linq;
using Games.AppHost.Servers;
using Games.Tests.Architecture;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Docs;

/// <summary>The C# of the documents: compiled as it stands, and run where it is a program.</summary>
[Collection(Shell.BuildsTheOutbox)]
public sealed class SnippetsTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    /// <summary>What the snippets speak of and do not declare.</summary>
    private const string Surroundings = """
        #pragma warning disable
        using Games.Contracts;
        using Games.Outbox;
        using MassTransit;
        using Microsoft.EntityFrameworkCore;

        public sealed record OrderOpened(Guid OrderId);
        public sealed record OrderPlaced(Guid OrderId);
        public sealed record OrderShipped(Guid OrderId);
        public sealed record PaymentReminder(Guid OrderId);
        public sealed class Order
        {
            public Guid Id { get; set; }
            public Guid ReminderToken { get; set; }
        }
        public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
        {
            public DbSet<Order> Orders => Set<Order>();
        }
        public sealed class Snippets
        {
            private ShopContext db = null!;
            private IPublishEndpoint publisher = null!;
            private ISendEndpoint endpoint = null!;
            private IMessageScheduler scheduler = null!;
            private IEntityFrameworkOutboxConfigurator outbox = null!;
            private IRabbitMqBusFactoryConfigurator rabbitMq = null!;
            private Order order = null!;
            private OrderPlaced placed = null!;
            private OrderShipped shipped = null!;
            private object hint = null!;
            private PaymentReminder reminder = null!;
            private DateTime due;
            private CancellationToken ct;
        
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-snippets-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task All_of_them_compile_and_the_program_of_the_journal_publishes_its_two_events()
    {
        var guide = CSharpOf("Games.Outbox/README.md").Where(block => block.Section is not ("Set it up" or "Test it")).ToList();
        var journal = CSharpOf("docs/events.md").ToList();
        var program = journal.Where(block => block.Section == "Four ways in").ToList();
        await WriteAsync("Program.cs", string.Join('\n', program.Select(block => block.Text)));
        await WriteAsync("Snippets.cs", $"{Surroundings}{string.Join('\n', guide.Concat(journal.Except(program)).Select(Member))}\n}}\n");
        await WriteAsync("Snippets.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
                <PackageReference Include="MassTransit.RabbitMQ" Version="{MassTransitVersion}" />
                <ProjectReference Include="{Repository.PathOf("Games.Journal/Games.Journal.csproj")}" />
              </ItemGroup>
            </Project>
            """);

        await Shell.RunAsync(
            $"""
            dotnet build --nologo --configuration {Configuration} -nodeReuse:false -p:UseSharedCompilation=false --output built
            dotnet exec built/Snippets.dll
            """,
            _directory.FullName,
            new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database.ConnectionString });

        Assert.NotEmpty(guide);
        Assert.Equal(
            ["order.paid", "order.shipped"], await ColumnAsync("select event_type from events where source = 'shop' order by number"));
    }

    private static string Configuration => new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)).Parent!.Name;

    private static string MassTransitVersion =>
        XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("MassTransitVersion").Single().Value;

    private static IEnumerable<MarkdownBlock> CSharpOf(string file) => MarkdownBlock.AllOf(file).Where(block => block.Language == "csharp");

    private static string Member(MarkdownBlock block, int number) => block.Text.StartsWith("public ", StringComparison.Ordinal)
        ? block.Text
        : $"private async Task Snippet{number}()\n{{\n{WithoutUsings(block.Text)}\n}}";

    /// <summary>They stand before the class; whoever copies the program needs them.</summary>
    private static string WithoutUsings(string program) =>
        string.Join('\n', program.Split('\n').Where(line => !(line.StartsWith("using ", StringComparison.Ordinal) && !line.Contains('='))));

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_directory.FullName, name), text);

    private async Task<string[]> ColumnAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"select array({sql})", connection);
        return (string[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
