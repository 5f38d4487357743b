using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Games.Api;

internal static class OpenApiDocument
{
    private const string DocumentPath = "/openapi.json";

    public static void AddOpenApiDocument(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenApi();
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
