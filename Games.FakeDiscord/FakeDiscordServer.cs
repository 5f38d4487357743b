using System.Text.Json;
using System.Text.Json.Serialization;
using Games.FakeDiscord.Control;
using Games.FakeDiscord.Faults;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.Rest;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord;

/// <summary>The whole program, for its own start and for tests in whose process it runs.</summary>
internal static class FakeDiscordServer
{
    public const string DefaultUrl = "http://localhost:5082";
    public const string ApiPath = "/api/v10";

    public static WebApplication Create(string[] args, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, builder.Configuration[WebHostDefaults.ServerUrlsKey] ?? DefaultUrl);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // A port that is taken is Program's to say, in one line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        var services = builder.Services;
        services.AddSingleton(time ?? TimeProvider.System);
        Type[] parts =
        [
            typeof(World), typeof(SettingsHolder), typeof(Statistics), typeof(PageFeed), typeof(ActiveFaults),
            typeof(GatewaySessions), typeof(GatewayServer), typeof(Messages), typeof(People), typeof(GuildControl),
            typeof(RateLimits), typeof(RestPipeline), typeof(ChannelRoutes), typeof(GuildRoutes), typeof(CommandRoutes), typeof(InteractionRoutes),
        ];
        foreach (var part in parts)
            services.AddSingleton(part);
        // What waits on purpose, and open pages, hold no stop up.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false)));
        // In every environment, so that WordUnreadableBodiesAsync sees it.
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.AddOpenApi(document => document.AddDocumentTransformer((description, _, _) =>
        {
            description.Info = new()
            {
                Title = "Stand-in for Discord",
                Version = "1",
                Description = "Discord's own paths are below /api/v10, as Discord documents them. These are for the people and the faults.",
            };
            description.Servers = null;
            return Task.CompletedTask;
        }));

        var app = builder.Build();
        app.UseWebSockets(new() { KeepAliveInterval = TimeSpan.Zero });
        app.Use(WordUnreadableBodiesAsync);
        app.MapDiscord();
        app.MapControl();
        app.MapOpenApi("/openapi.json");
        app.MapPage();
        return app;
    }

    // ASP.NET Core would show a developer the stack of its own reader.
    private static async Task WordUnreadableBodiesAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException unreadable)
        {
            var reason = unreadable.InnerException?.Message ?? unreadable.Message;
            var kinds = reason.Contains(nameof(FaultKind), StringComparison.Ordinal)
                ? $" A fault's kind is one of {string.Join(", ", Enum.GetNames<FaultKind>().Select(JsonNamingPolicy.CamelCase.ConvertName))}."
                : "";
            await TypedResults.Problem($"{reason}{kinds}", statusCode: unreadable.StatusCode).ExecuteAsync(context);
        }
    }

    private static void MapDiscord(this WebApplication app)
    {
        var pipeline = app.Services.GetRequiredService<RestPipeline>();
        IEnumerable<Operation> operations =
        [
            .. app.Services.GetRequiredService<ChannelRoutes>().All,
            .. app.Services.GetRequiredService<GuildRoutes>().All,
            .. app.Services.GetRequiredService<CommandRoutes>().All,
            .. app.Services.GetRequiredService<InteractionRoutes>().All,
        ];
        foreach (var operation in operations)
        {
            var path = app.MapMethods(ApiPath + operation.Pattern, [operation.Method], context => pipeline.RunAsync(context, operation));
            path.ExcludeFromDescription();
        }

        // What is not there, or not with this method, is said in JSON too.
        app.UseStatusCodePages(async pages =>
        {
            var context = pages.HttpContext;
            var status = context.Response.StatusCode;
            var error = status == 405 ? new DiscordError(405, 0, "405: Method Not Allowed") : DiscordError.NotFound;
            if (context.Request.Path.StartsWithSegments("/api"))
                await RestPipeline.WriteAsync(context, new(error.Status, error.ToJson()));
        });

        var gateway = app.Services.GetRequiredService<GatewayServer>();
        app.Map(GatewayServer.Path, gateway.AcceptAsync).ExcludeFromDescription();
        app.Map(GatewayServer.ResumePath, gateway.AcceptAsync).ExcludeFromDescription();
    }
}
