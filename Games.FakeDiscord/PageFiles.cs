namespace Games.FakeDiscord;

/// <summary>The page, from inside the program.</summary>
internal static class PageFiles
{
    private static readonly Dictionary<string, string> ContentTypes = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
    };

    public static void MapPage(this WebApplication app)
    {
        app.MapGet("/", () => Read("index.html")).ExcludeFromDescription();
        app.MapGet("/page/{file}", (string file) => Read(file)).ExcludeFromDescription();
    }

    private static IResult Read(string file) =>
        typeof(PageFiles).Assembly.GetManifestResourceStream($"Page/{file}") is { } content
            ? TypedResults.Stream(content, ContentTypes.GetValueOrDefault(Path.GetExtension(file), "application/octet-stream"))
            : TypedResults.NotFound();
}
