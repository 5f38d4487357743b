using System.Text.Json.Nodes;

namespace Games.Tests.FastEndpoints;

/// <summary>Reads the errors of problem details.</summary>
internal static class Errors
{
    public static string[] Of(EndpointApp.Answer answer)
        => [.. JsonNode.Parse(answer.Body)!["errors"]!.AsArray().Select(error => $"{error!["name"]}: {error["reason"]}")];
}
