using Games.ServiceDefaults;
using MassTransit;

namespace Games.Bot.Ingestion;

internal static class IngestionRegistration
{
    public static void AddIngestion(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<DiscordOptions>(DiscordOptions.Section);
        builder.Services.AddValidatedOptions<IngestionOptions>(IngestionOptions.Section);
        builder.Services.AddSingleton<IngestionMetrics>();
        builder.Services.AddSingleton<MessageHandler>();
        builder.Services.AddReceiveObserver<UnreadableMessages>();
        builder.Services.AddHealthChecks().AddCheck<IngestionHealthCheck>(IngestionHealthCheck.Name, tags: ["ready"]);
    }

    /// <summary><c>GET /status</c></summary>
    public static void MapStatus(this IEndpointRouteBuilder routes) => IngestionStatus.Map(routes);
}
