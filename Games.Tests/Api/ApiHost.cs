extern alias Api;

using Games.Tests.Servers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Api;

/// <summary>
/// The API itself, on a real database. Its broker does not exist unless one is named: most of what the API does needs none, and says so
/// by passing.
/// </summary>
internal sealed class ApiHost(
    string database, string? broker = null, Action<IServiceCollection>? services = null, params (string Key, string Value)[] settings)
    : WebApplicationFactory<Api::Program>
{
    public const string NoBroker = "amqp://nobody:nothing@127.0.0.1:1/";

    /// <summary>For UseKestrel(), whose own port comes too late where the server has started before it.</summary>
    public static readonly (string, string) FreePort = ("urls", "http://127.0.0.1:0");

    public RecordedLog Log { get; } = new();

    protected override void ConfigureClient(HttpClient client)
    {
        base.ConfigureClient(client);
        client.DefaultRequestHeaders.Authorization = TestKey.Header;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:Games", database);
        builder.UseSetting("ConnectionStrings:RabbitMq", broker ?? NoBroker);
        foreach (var (key, value) in settings)
            builder.UseSetting(key, value);
        builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(Log));
        if (services is not null)
            builder.ConfigureServices(services);
    }
}
