using FastEndpoints;
using Games.Api;
using Games.Api.Ops;
using Games.Data;
using Games.Data.Journal;

// The operator's console was part of this program until it became one of its own; this line goes with the next release.
if (args is ["outbox" or "events" or "doctor", ..])
{
    await Console.Error.WriteLineAsync($"This moved to Games.Ops: dotnet run --project Games.Ops -- {string.Join(' ', args)}");
    return 1;
}

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddDefaults();
    builder.AddGamesDatabase();
    if (args.Contains("--migrate"))
        return await builder.Build().MigrateAsync();

    builder.AddMessaging();
    builder.AddEventPublisher();
    builder.AddEventDispatcher();
    builder.AddProblems();
    builder.AddOpenApiDocument();
    builder.Services.AddSingleton(TimeProvider.System);
    builder.Services.AddFastEndpoints();

    var app = builder.Build();
    if (app.Environment.IsDevelopment())
        await app.MigrateAsync();

    app.UseProblems();
    app.UseOpsKey();
    app.UseFastEndpoints(config =>
    {
        config.Endpoints.ShortNames = true;
        config.Errors.UseProblemDetails();
        config.Serializer.Options.UseGamesFormat();
    });
    app.MapOpenApiDocument();
    app.MapHealth();

    await app.RunAsync();
    return 0;
}
catch (SettingException setting)
{
    await Console.Error.WriteLineAsync(setting.Message);
    return 1;
}
