using FastEndpoints;
using Games.Api;
using Games.Api.Commands;
using Games.Data;
using Games.Journal;
using Games.ServiceDefaults;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults(urls: "http://localhost:5080");
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 64 * 1024);
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
    builder.AddJournal();
    builder.AddProblems();
    builder.AddOpenApiDocument();
    builder.Services.AddFastEndpoints();

    var app = builder.Build();
    if (app.Environment.IsDevelopment())
        await app.MigrateAsync();

    app.UseProblems();
    app.UseOperations();
    app.UseFastEndpoints(config =>
    {
        config.Endpoints.ShortNames = true;
        config.Errors.UseProblemDetails();
        config.Serializer.Options.UseGamesFormat();
    });
    app.MapOpenApiDocument();
    app.MapHealth();

    await app.RunServiceAsync();
    return 0;
}
catch (Exception failure) when (failure.IsWrongSetting())
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}
