extern alias Bot;

using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Bot;

/// <summary>The bot itself.</summary>
internal sealed class BotHost(
    string database, string broker, Action<IServiceCollection>? services = null, params (string Key, string Value)[] settings)
    : WebApplicationFactory<Bot::Program>
{
    public RecordedLog Log { get; } = new();

    protected override void ConfigureClient(HttpClient client)
    {
        base.ConfigureClient(client);
        client.DefaultRequestHeaders.Authorization = TestKey.Header;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:Games", database);
        builder.UseSetting("ConnectionStrings:RabbitMq", broker);
        foreach (var (key, value) in settings)
            builder.UseSetting(key, value);
        builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(Log));
        if (services is not null)
            builder.ConfigureServices(services);
    }
}
