using Games.Api;
using Games.Api.Commands;
using Games.Data;
using Games.Data.Journal;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddDefaults();
    if (args is ["outbox", .. var verb])
        return await builder.RunOutboxVerbAsync(verb);
    if (args is ["doctor", .. var options])
        return await builder.RunDoctorAsync(options);
    if (args is ["events", .. var eventsVerb])
        return await builder.RunEventsVerbAsync(eventsVerb);

    builder.AddGamesDatabase();
    if (args.Contains("--migrate"))
        return await builder.Build().MigrateAsync();

    builder.AddMessaging();
    builder.AddEventPublisher();
    builder.AddEventDispatcher();
    builder.AddProblems();
    builder.AddOpenApiDocument();
    builder.Services.AddSingleton(TimeProvider.System);
    builder.AddHttpEndpoints();

    var app = builder.Build();
    if (app.Environment.IsDevelopment())
        await app.MigrateAsync();

    app.UseProblems();
    app.UseOperations();
    app.MapHttpEndpoints();
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
