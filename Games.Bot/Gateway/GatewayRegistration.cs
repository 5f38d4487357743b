using Games.Bot.Interactions;

namespace Games.Bot.Gateway;

internal static class GatewayRegistration
{
    /// <summary>Hears and answers what happens in Discord, if there is a token. It needs what <c>AddDelivery</c> adds.</summary>
    public static void AddGateway(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<GatewayStatus>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<DiscordEvents>();
        services.AddSingleton<InteractionHandler>();
        services.AddSingleton<CommandRegistration>();
        services.AddSingleton<GatewayService>();
        services.AddHostedService<WithToken>();
        services.AddHealthChecks().AddCheck<GatewayHealthCheck>(GatewayHealthCheck.Name, tags: ["ready"]);
    }

    private sealed class WithToken(IServiceProvider services, DiscordOptions discord) : IHostedService
    {
        private GatewayService? _gateway;

        public Task StartAsync(CancellationToken ct)
        {
            if (!discord.HasToken)
                return Task.CompletedTask;

            _gateway = services.GetRequiredService<GatewayService>();
            return _gateway.StartAsync(ct);
        }

        public Task StopAsync(CancellationToken ct) => _gateway?.StopAsync(ct) ?? Task.CompletedTask;
    }
}
