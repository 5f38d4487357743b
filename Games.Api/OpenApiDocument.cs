namespace Games.Api;

internal static class OpenApiDocument
{
    private const string DocumentPath = "/openapi.json";

    public static void AddOpenApiDocument(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenApi();
        // The document describes the bodies by these options; FastEndpoints writes them by its own.
        builder.Services.ConfigureHttpJsonOptions(http => http.SerializerOptions.UseGamesFormat());
    }

    public static void MapOpenApiDocument(this WebApplication app)
    {
        app.MapOpenApi(DocumentPath);
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "docs";
            page.SwaggerEndpoint(DocumentPath, "Games");
        });
    }
}
