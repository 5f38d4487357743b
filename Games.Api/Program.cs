using Games.Api;
using Games.Data;
using Games.Journal;
using Games.ServiceDefaults;
using Games.ServiceDefaults.Access;

// The operator's console was part of this program until it became one of its own; this line goes with the next release.
if (args is ["outbox" or "events" or "doctor", ..])
{
    await Console.Error.WriteLineAsync($"This moved to Games.Ops: dotnet run --project Games.Ops -- {string.Join(' ', args)}");
    return 1;
}

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults(urls: "http://localhost:5080");
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 64 * 1024);
    builder.AddGamesDatabase();
    if (args.Contains("--migrate"))
    {
        // Disposed, because the console's log writes its last lines then.
        await using var migrating = builder.Build();
        return await migrating.MigrateAsync();
    }

    builder.AddMessaging();
    builder.AddJournal();
    builder.AddBadRequests();
    builder.AddProblems();
    builder.AddApiAccess();
    builder.AddOpenApiDocument();
    builder.AddHttpEndpoints();

    var app = builder.Build();
    if (app.Environment.IsDevelopment())
        await app.MigrateAsync();

    app.UseProblems();
    app.UseHeadAsGet();
    app.UseOpenApiPage();
    app.UseApiAccess();
    app.RequireContentType();
    app.MapHttpEndpoints();
    app.MapOpenApiDocument();
    app.MapHealth();
    app.MapOutboxHealth();

    await app.RunServiceAsync();
    return 0;
}
catch (Exception failure) when (failure.IsWrongSetting())
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}
