using Games.DiscordClient;
using Games.DiscordClient.Rest;
using MassTransit;

namespace Games.Bot.Delivery;

internal static partial class DeliveryRegistration
{
    /// <summary>Without a token nothing is delivered, and one line says so.</summary>
    public static void AddDelivery(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddDiscordRestClient(provider =>
        {
            var discord = provider.GetRequiredService<DiscordOptions>();
            return new() { Token = discord.Token ?? "", BaseAddress = DiscordOptions.AddressOf(discord.BaseAddress) };
        });
        services.AddSingleton<DeliveryStatus>();
        services.AddSingleton<DeliveryStore>();
        services.AddSingleton<LeaseStore>();
        services.AddSingleton<SentMessages>();
        services.AddSingleton<ChannelGuilds>();
        services.AddSingleton<AnnouncementDelivery>();
        services.AddSingleton<DirectMessageChannels>();
        services.AddSingleton<DirectMessageDelivery>();
        services.AddSingleton<DeliveryWakeUp>();
        services.AddReceiveObserver(provider => provider.GetRequiredService<DeliveryWakeUp>());
        services.AddSingleton<BotPresence>();
        services.AddSingleton<DeliveryService>();
        services.AddHostedService<WithToken>();
        services.AddHostedService<DeliveryCleanUp>();
        services.AddHealthChecks()
            .AddCheck<DiscordHealthCheck>(DiscordHealthCheck.Name, tags: ["ready"])
            .AddCheck<WaitingAnnouncementsCheck>(WaitingAnnouncementsCheck.Name);
    }

    /// <summary>Runs the delivery if there is a token.</summary>
    private sealed partial class WithToken(IServiceProvider services, DiscordOptions discord, ILogger<DeliveryService> logger) : IHostedService
    {
        private IHostedService[] _parts = [];

        public async Task StartAsync(CancellationToken ct)
        {
            if (!discord.HasToken)
            {
                LogNoToken(DiscordOptions.Section);
                return;
            }

            _parts = [services.GetRequiredService<BotPresence>(), services.GetRequiredService<DeliveryService>()];
            foreach (var part in _parts)
                await part.StartAsync(ct);
        }

        public Task StopAsync(CancellationToken ct) => Task.WhenAll(_parts.Select(part => part.StopAsync(ct)));

        [LoggerMessage(LogLevel.Information, "{Section}:Token is not set: announcements and direct messages stay undelivered, everything else works")]
        private partial void LogNoToken(string section);
    }
}
