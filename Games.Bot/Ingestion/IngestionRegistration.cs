using MassTransit;

namespace Games.Bot.Ingestion;

internal static class IngestionRegistration
{
    public static void AddIngestion(this IHostApplicationBuilder builder)
    {
        var discord = builder.Configuration.GetSection(DiscordOptions.Section).Get<DiscordOptions>() ?? new();
        var ingestion = builder.Configuration.GetSection(IngestionOptions.Section).Get<IngestionOptions>() ?? new();
        discord.Validate();
        ingestion.Validate();

        builder.Services.AddSingleton(discord);
        builder.Services.AddSingleton(ingestion);
        builder.Services.AddSingleton<IngestionMetrics>();
        builder.Services.AddSingleton<MessageHandler>();
        builder.Services.AddReceiveObserver<UnreadableMessages>();
        builder.Services.AddHealthChecks().AddCheck<IngestionHealthCheck>(IngestionHealthCheck.Name, tags: ["ready"]);
    }

    /// <summary><c>GET /status</c></summary>
    public static void MapStatus(this IEndpointRouteBuilder routes) => IngestionStatus.Map(routes);
}
