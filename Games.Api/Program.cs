using Games.Api;
using Games.Data;
using Games.Journal;
using Games.ServiceDefaults;
using Games.ServiceDefaults.Access;

const string Migrate = "--migrate";
if (args.Answer("Games.Api", (Migrate, "Applies the migrations of the database and exits; needs no broker.")) is { } exitCode)
    return exitCode;

try
{
    var builder = WebApplication.CreateBuilder([.. args.Where(word => word != Migrate)]);
    builder.AddServiceDefaults(urls: "http://localhost:5080");
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 64 * 1024);
    builder.AddGamesDatabase();
    if (args.Contains(Migrate))
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
