using System.Net;
using System.Text.Json.Nodes;

namespace Games.Tests.Api;

internal static class ProblemAssert
{
    private static readonly string[] Internals = ["   at ", "Exception", "Npgsql", "INSERT", "SELECT", "Microsoft."];

    /// <summary>Problem details that show nothing from inside and carry a trace id that the log knows as well.</summary>
    public static async Task<JsonObject> IsProblemAsync(this HttpResponseMessage response, HttpStatusCode status, RecordedLog log)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync();
        Assert.All(Internals, part => Assert.DoesNotContain(part, text));

        var problem = JsonNode.Parse(text)!.AsObject();
        Assert.Equal((int)status, (int?)problem["status"]);
        var traceId = (string?)problem["traceId"];
        Assert.False(string.IsNullOrEmpty(traceId), text);
        await Eventually.IsTrueAsync(() => log.Lines.Any(line => line.Contains(traceId, StringComparison.Ordinal)), $"trace {traceId} is logged");
        return problem;
    }

    public static async Task NamesAsync(this HttpResponseMessage response, string field, RecordedLog log)
    {
        var problem = await response.IsProblemAsync(HttpStatusCode.BadRequest, log);

        var errors = problem["errors"]!.AsArray();
        Assert.Equal(field, Assert.Single(errors.Select(error => (string?)error!["name"]).Distinct()));
        Assert.All(errors, error => Assert.False(string.IsNullOrWhiteSpace((string?)error!["reason"])));
    }
}
