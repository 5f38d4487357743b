namespace Games.Tests.Architecture;

public sealed class ProjectReferencesTests
{
    private const string Outbox = "Games.Outbox";

    [Theory]
    [InlineData("Games.Contracts")]
    [InlineData("Games.Outbox")]
    [InlineData("Games.DiscordClient")]
    [InlineData("Games.FakeDiscord")]
    [InlineData("Games.Data", "Games.Contracts", Outbox)]
    [InlineData("Games.Journal", "Games.Contracts", "Games.Data", Outbox)]
    [InlineData("Games.ServiceDefaults", "Games.Contracts", "Games.Data", Outbox)]
    [InlineData("Games.Api", "Games.Contracts", "Games.Data", "Games.Journal", Outbox, "Games.ServiceDefaults")]
    [InlineData("Games.Bot", "Games.Contracts", "Games.Data", "Games.DiscordClient", "Games.Journal", Outbox, "Games.ServiceDefaults")]
    [InlineData("Games.Ops", "Games.Contracts", "Games.Data", "Games.Journal", Outbox, "Games.ServiceDefaults")]
    [InlineData("Games.AppHost", "Games.Api", "Games.Bot", "Games.FakeDiscord", "Games.Ops")]
    [InlineData("Games.Bench", "Games.AppHost")]
    public void A_project_knows_no_more_than_the_design_lets_it(string project, params string[] known)
    {
        var references = Repository.Project(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));

        Assert.Equal(known.Order(), references.Order());
    }

    [Fact]
    public void The_contracts_know_no_package_at_all() => Assert.Empty(Packages("Games.Contracts"));

    [Fact]
    public void The_client_of_Discord_knows_abstractions_only() => Assert.All(
        Packages("Games.DiscordClient"), package => Assert.Matches(@"^Microsoft\.Extensions\..*Abstractions$", package));

    [Fact]
    public void The_stand_in_knows_nothing_of_ours_and_only_ASP_NET_Core() =>
        Assert.Equal(["Microsoft.AspNetCore.OpenApi"], Packages("Games.FakeDiscord"));

    [Fact]
    public void The_load_knows_nothing_of_our_code_so_that_it_can_measure_any_implementation() =>
        Assert.All(
            Repository.Sources("Games.Bench"),
            source => Assert.DoesNotMatch(@"\busing (MassTransit|Games\.(Api|Bot|Contracts|Data|Outbox))\b", source.Text));

    [Theory]
    [InlineData("Games.Api")]
    [InlineData("Games.Bot")]
    [InlineData("Games.Data")]
    public void The_published_package_stands_in_only_when_it_is_asked_for(string project)
    {
        var conditions = Repository.Project(project).Descendants()
            .Where(item => item.Name.LocalName is "PackageReference" or "ProjectReference")
            .Where(item => (string?)item.Attribute("Include") is { } name
                && (name.Contains(Outbox) || name.Contains("Games.Journal") || name == "MassTransit.EntityFrameworkCore"))
            .Select(item => (item.Name.LocalName, Condition: (string?)item.Attribute("Condition") ?? (string?)item.Parent!.Attribute("Condition")))
            .ToList();

        Assert.NotEmpty(conditions);
        Assert.All(conditions, item => Assert.Equal(
            item.LocalName == "PackageReference" ? "'$(OfficialPackages)' == 'true'" : "'$(OfficialPackages)' != 'true'", item.Condition));
    }

    [Theory]
    [InlineData("Games.Api")]
    [InlineData("Games.Bot")]
    [InlineData("Games.ServiceDefaults")]
    public void One_file_of_a_service_says_what_the_published_package_lacks(string project) => Assert.Equal(
        ["OfficialPackages.cs"],
        Repository.Project(project).Descendants("Compile")
            .Where(item => (string?)item.Parent!.Attribute("Condition") == "'$(OfficialPackages)' != 'true'")
            .Select(item => (string?)item.Attribute("Remove")));

    private static IEnumerable<string> Packages(string project) =>
        Repository.Project(project).Descendants("PackageReference").Select(package => (string)package.Attribute("Include")!);
}
