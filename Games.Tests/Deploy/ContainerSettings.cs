using System.Xml.Linq;

namespace Games.Tests.Deploy;

/// <summary>What a project says of its image, as it is written there.</summary>
internal sealed class ContainerSettings
{
    /// <summary>The short name of a program, as the compose files have it, and its project.</summary>
    public static readonly IReadOnlyDictionary<string, string> Projects = new Dictionary<string, string>
    {
        ["api"] = "Games.Api",
        ["bot"] = "Games.Bot",
        ["discord"] = "Games.FakeDiscord",
    };

    private readonly XDocument _project;

    private ContainerSettings(string project) => _project = Architecture.Repository.Project(project);

    public static ContainerSettings Of(string service) => new(Projects[service]);

    public string Repository => _project.Descendants("ContainerRepository").Single().Value;

    public string Port => _project.Descendants("ContainerPort").Single().Attribute("Include")!.Value;

    public string Urls => _project.Descendants("ContainerEnvironmentVariable")
        .Single(variable => variable.Attribute("Include")!.Value == "ASPNETCORE_URLS").Attribute("Value")!.Value;
}
